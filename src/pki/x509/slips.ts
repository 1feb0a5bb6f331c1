/**
 * What certificates of the field have that DER or RFC 5280 does not allow, and that can be read all the same, for there
 * is only one thing it can mean. It is read, noted, and then taken or refused by the rules of a path.
 */
export type Slip =
  | 'absent-null'
  | 'empty-list'
  | 'explicit-default'
  | 'large-path-length'
  | 'long-pss-salt'
  | 'long-serial'
  | 'negative-serial'
  | 'odd-name'
  | 'odd-string'
  | 'partial-authority-key-id'
  | 'trailing-zeros'
  | 'uncritical-names'
  | 'unsorted-name';

export const SLIPS: { readonly [S in Slip]: { readonly what: string; readonly rfc: string } } = {
  'absent-null': { what: 'its RSA algorithm has no NULL behind it', rfc: 'RFC 4055 section 5' },
  'empty-list': { what: 'it has an empty list where there has to be a member', rfc: 'RFC 5280 section 4' },
  'explicit-default': { what: 'it has a default written out', rfc: 'X.690 section 11.5' },
  'large-path-length': { what: 'it allows more than 255 authorities beneath it', rfc: 'RFC 5280 section 4.2.1.9' },
  'long-pss-salt': { what: 'its RSASSA-PSS salt is longer than four digests', rfc: 'RFC 4055 section 3.1' },
  'long-serial': { what: 'its serial number has more than 20 octets', rfc: 'RFC 5280 section 4.1.2.2' },
  'negative-serial': { what: 'its serial number is negative', rfc: 'RFC 5280 section 4.1.2.2' },
  'odd-name': {
    what: 'it has an alternative name that cannot be one of its form',
    rfc: 'RFC 5280 section 4.2.1.6',
  },
  'odd-string': { what: 'a name has characters that its type of string does not have', rfc: 'X.680 section 41.4' },
  'partial-authority-key-id': {
    what: 'its authorityKeyIdentifier has an issuer without a serial number, or the other way round',
    rfc: 'RFC 5280 section 4.2.1.1',
  },
  'trailing-zeros': { what: 'its key usage has zeros at the end', rfc: 'X.690 section 11.2.2' },
  'uncritical-names': {
    what: 'it has no subject, and its alternative names are not critical',
    rfc: 'RFC 5280 section 4.1.2.6',
  },
  'unsorted-name': { what: 'a name has a set that is not sorted', rfc: 'X.690 section 11.6' },
};

/** Where slips are noted by those who read. */
export type SlipNotes = Set<Slip>;
