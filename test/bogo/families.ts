/** Families of tests, as the runner adds them: each begins with a test of this name and ends where the next begins. */
const FAMILIES: readonly (readonly [family: string, first: string])[] = [
  ['Basic', 'NoFallbackSCSV'],
  ['CipherSuite', 'TLS-TLS1-RSA_WITH_3DES_EDE_CBC_SHA-server'],
  ['BadECDSASignature', 'BadECDSA-1-1'],
  ['CBCPadding', 'MaxCBCPadding'],
  ['CBCSplitting', 'CBCRecordSplitting-3DES'],
  ['ClientAuth', 'TLS1-Client-ClientAuth-RSA'],
  ['DDoSCallback', 'Server-DDoS-OK-Resume'],
  ['VersionNegotiation', 'VersionNegotiation-Client-TLS1-TLS1-TLS'],
  ['MinimumVersion', 'MinimumVersion-Client-TLS1-TLS1-TLS'],
  ['Extension', 'DuplicateExtensionClient-TLS-TLS1'],
  ['ResumptionVersion', 'Resume-Client-TLS1-TLS1-TLS'],
  ['ExtendedMasterSecret', 'NoExtendedMasterSecret-TLS1-Server'],
  ['Renegotiation', 'Renegotiate-Server-Forbidden'],
  ['DTLSReplay', 'DTLS-Replay-TLS1'],
  ['SignatureAlgorithm', 'Client-Sign-RSA_PKCS1_SHA1-TLS12'],
  ['DTLSRetransmit', 'DTLS-Retransmit-Client-Basic-TLS1'],
  ['DTLSReorder', 'ReorderHandshakeFragments-Small-DTLS-TLS1'],
  ['DTLSFragmentWindow', 'DTLS-FragmentWindow-UpperLimit-Discard-Server-TLS1'],
  ['ExportKeyingMaterial', 'ExportKeyingMaterial-TLS-TLS1'],
  ['ExportTrafficSecrets', 'ExportTrafficSecrets-AEAD-AES128-GCM-SHA256'],
  ['TLSUnique', 'TLSUnique-Full-NoEMS-Server'],
  ['UnknownExtension', 'UnknownExtension-Client'],
  ['RSAClientKeyExchange', 'BadRSAClientKeyExchange-1'],
  ['Curve', 'CurveTest-Client-P-256-TLS1'],
  ['SessionTicket', 'SendEmptySessionTicket-TLS12'],
  ['TLS13Record', 'TLS13-RecordPadding-TLS'],
  ['AllStateMachineCoverage', 'Basic-Client-TLS-Sync'],
  ['ChangeCipherSpec', 'SkipChangeCipherSpec-Client'],
  ['EndOfFlight', 'PartialSecondClientHelloAfterFirst'],
  ['WrongMessageType', 'WrongMessageType-ClientHello-TLS'],
  ['TrailingMessageData', 'TrailingMessageData-ClientHello-TLS'],
  ['TLS13Handshake', 'NegotiatePSKResumption-TLS13'],
  ['TLS13CipherPreference', 'TLS13-CipherPreference-Server-ChaCha20-AES'],
  ['Peek', 'Peek-Basic'],
  ['RecordVersion', 'CheckRecordVersion-TLS1'],
  ['Certificate', 'SendReceiveIntermediate-Client-TLS1'],
  ['RetainOnlySHA256ClientCert', 'RetainOnlySHA256-NoCert-TLS1'],
  ['ECDSAKeyUsage', 'ECDSAKeyUsage-Client-TLS12'],
  ['RSAKeyUsage', 'RSAKeyUsage-Client-WantSignature-GotEncipherment-TLS1'],
  ['ExtraHandshake', 'ExtraHandshake-Client-TLS12'],
  ['OmitExtensions', 'ExpectOmitExtensions'],
  ['ExtensionTrailingData', 'ExtensionTrailingData-ServerName-Client-TLS-TLS1'],
  ['CertCompression', 'DuplicateCertCompressionExt-TLS12'],
  ['JDK11Workaround', 'Client-RejectJDK11DowngradeRandom'],
  ['DelegatedCredential', 'DelegatedCredentials-NoClientSupport'],
  ['EncryptedClientHello', 'TLS-ECH-Server'],
  ['HintMismatch', 'TLS-HintMismatch-SignatureInput'],
  ['CompliancePolicy', 'Compliance-fips-202205-TLS-Server-RSA_WITH_3DES_EDE_CBC_SHA'],
  ['CertificateSelection', 'CertificateSelection-Client-PreferenceOrder-TLS-TLS1'],
  ['KeyUpdate', 'KeyUpdate-ToClient'],
  ['PAKE', 'PAKE-No-Server-Support'],
  ['TrustAnchor', 'TrustAnchors-Unsolicited-Certificate'],
  ['PSK', 'PSK-Client-SHA256-SHA256-TLS'],
  ['RawPublicKey', 'ServerCertificateType-Client-RequestsRPKOnly-NegotiatedRPK-TLS1'],
  ['ServerPadding', 'ServerPadding-ExpectPadding'],
];

export function familiesOf(names: readonly string[]): ReadonlyMap<string, string> {
  const firsts = new Map(FAMILIES.map(([family, first]) => [first, family]));
  const families = new Map<string, string>();
  let family = 'other';
  for (const name of names) {
    family = firsts.get(name) ?? family;
    families.set(name, family);
  }
  return families;
}
