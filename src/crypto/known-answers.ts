import { fromHex } from '../bytes/bytes.ts';
import type { HashName, PublicKey, SignatureAlgorithm } from './types.ts';

/**
 * Known answers, one for each operation: what a provider is held against before it is chosen (prove.ts), and in
 * `warifu/crypto/conformance`. Private keys are SHA-256 of "warifu known answer", a name and a counter; every value was
 * made by noble and checked by OpenSSL, or the other way round. All of it is public.
 */

/** What is signed below. */
export const MESSAGE: string = 'warifu';

export interface AgreementAnswer {
  readonly privateKey: string;
  readonly peerShare: string;
  readonly secret: string;
}

/** By the name of the group. */
export const AGREEMENTS: { readonly [group: string]: AgreementAnswer } = {
  X25519: {
    privateKey: 'be4208a8e219f4c00839e638f05a586ed5186c30969b3eec024105aee857d186',
    peerShare: '9aa3e5b078945e1ea71f5febc5a8326166e9196b59c33ffc472804dcc0b6a044',
    secret: 'f21fc7555544ef0152919ce95235d0c09c2ccbbcbef5c290c521a5ef0769c472',
  },
  X448: {
    privateKey:
      'e368909eac7a924d99a985c5eaa1c6b10cb65802118c676442bd7173312fba2e0cb229cece6b31677ba3ab56912f4ea3e0708dcd509ce345',
    peerShare:
      '7d98777c965837d3b793f929072b5ab3cf3ce9623057a963e6ae8d5ff6444b5c732e482c66619de41b33149207151108d3f0ac9b30ddc190',
    secret:
      'd8b2ee4f74899fe452291734a6258439dac182e261abab9e8020dbce18f0cf5d96b51bf7ed49caf67e64101bab55e7fe2908ac2a14ea4967',
  },
  secp256r1: {
    privateKey:
      '13edcb947218bab3001e1b0d737c701cb4a3cd7773fefd1cd5c6f30d51363bf1042a33b02ffd48c23bf6b050055f54ebc4e16f19dd5a9912f18312f1477ec92c518f9ddea5abeef0be4b153b249e00a69155aeb80805563b8447f28a26d66843bf',
    peerShare:
      '0444365791e9c1e4228b1081a38865a073a7924a4db95e301e64a692d3cb197558e5da9c370a59e26df4de96325f8eb4dbf3f425bf0e4aa20b5168ad55f43981a1',
    secret: 'e7e8af597ad69cc5e683c0041c8ecb55b423bc01118dd6072e2a95b2b1b7f670',
  },
  secp384r1: {
    privateKey:
      '16087a671127502f07440eb541c29e8d54009918165f8a4a3a85232e71015d35d3255dfa0eead4968699904f10553efd042c3e3ffab384b3fa0dfaea3d56608c434a70678085343c670fe6051d6a9f6bf47c55f7efabf29c7a68d992bcd5ad5c033ee732adc5d92700f5fcf8ec60213b45dac84f20280caa2b189308c939e2445c1cbbdc8aa112d001d4176c2616f0fd4b',
    peerShare:
      '04387b78e5abf44ef4568bd8aa67df936252bab6d45c5c2317ecde9c669ecab2512218ac2223d5e686a3f8f0caaef5f39afe3cfd685cee1dd8e38d4be04e228dc797bc338479876b3269afb1a3f957bb7926974b31a8be690e4b93ffd39fa8cf92',
    secret: '01d009b7981d7d8870aa6755c8ef69c4dd3128da13e6a46741583ca7579d83632fc262ec130977e60b9af7152fd455bf',
  },
  secp521r1: {
    privateKey:
      '00cbccee3bca1b8eac6d0189731d2050e265faeb41b653000d55d4f645b902a340b33e2d941ada3be877da81ff9e38b9868f33b2c3dc5ed14ceff64facb3299ab1fb040014720ae9fed9b62d02cae84d218722d6c5bfeacb66a22b025c063bde7c85f3e7bfb5d7940d1ee435ef6f72517f2edf4e488049d602ec08ec9483e4e075e4dcfe2f016be5bf82a9ae9136412b2ff95f4e1d092a1023fc947ad89ce7bbbba426c89059c94a3f24e5615ac328856f02ee5a731e0662ede1c05590bbd0408e9ce991339e42',
    peerShare:
      '04019a3fcbe52c4f8281e4b0511cf3de8e220da8d1c9adde9a3161d33989d4da333f6a2a2026280639649af0be9f6e93787a8a878bf9b16525f62eb05a75bad946cc4200049e9ecfb1c4b8d94fda3e1491798380494608b35e32deb469ceb86e9acd299a00257f690d1e0d5a3ebcff4e77ace6a3a85867d5b15dfd0f4a2259da657646389b',
    secret:
      '01990f975dd199f2a47d15ed05b9cd05b4a7301cc9b15b47e040d94f849e23863e3e3ee0a10b9f16655cb15b2cd074f3dc09b1058b60d6a02a16a72610509a3870e4',
  },
};

/** The seed, and what its key makes of a ciphertext of zeros (FIPS 203, implicit rejection). */
export const ML_KEM_768 = {
  seed: 'f1cfde2b66f23cd064d6af992786097f2b5fc55c3fddb45258e63e2edc13bfb4258c2e0a6026b58323ae9b225c3485f7611ac7e1811b9b57f209be7e2bf80f94',
  secretOfZeros: '62a57ee59e6d411da4755ed8d552c02b9746a8af647fea4c4c3bc1d643449921',
} as const;

export interface SignatureAnswer {
  readonly algorithm: SignatureAlgorithm;
  readonly key: PublicKey;
  readonly signature: Uint8Array;
}

/** A good signature over MESSAGE by an algorithm of this kind; with ECDSA, by a key on this curve. Undefined: none here. */
export function signatureAnswer(algorithm: SignatureAlgorithm, key: PublicKey): SignatureAnswer | undefined {
  switch (algorithm.kind) {
    case 'ecdsa': {
      if (key.kind !== 'ec') return undefined;
      const { hash, point, signature } = ECDSA[key.curve];
      return {
        algorithm: { kind: 'ecdsa', hash },
        key: { kind: 'ec', curve: key.curve, point: fromHex(point) },
        signature: fromHex(signature),
      };
    }
    case 'rsa-pkcs1':
    case 'rsa-pss':
      return {
        algorithm:
          algorithm.kind === 'rsa-pss'
            ? { kind: 'rsa-pss', hash: 'sha256', saltLength: 32 }
            : { kind: 'rsa-pkcs1', hash: 'sha256' },
        key: { kind: 'rsa', modulus: fromHex(RSA.modulus), exponent: Uint8Array.of(1, 0, 1) },
        signature: fromHex(RSA[algorithm.kind]),
      };
    case 'ed25519':
    case 'ed448':
      return {
        algorithm,
        key: { kind: algorithm.kind, key: fromHex(EDWARDS[algorithm.kind].key) },
        signature: fromHex(EDWARDS[algorithm.kind].signature),
      };
    default:
      return undefined;
  }
}

const ECDSA = {
  'P-256': {
    hash: 'sha256',
    point:
      '042a33b02ffd48c23bf6b050055f54ebc4e16f19dd5a9912f18312f1477ec92c518f9ddea5abeef0be4b153b249e00a69155aeb80805563b8447f28a26d66843bf',
    signature:
      '30440220204bbfd8ee4c7a41377e85750aef666446a8254824edc4dc18bac1fca7e88e6902201a87ef96eaa239ee4982be7a2ad23be7d4305021814abe5c3540b7e954c233f4',
  },
  'P-384': {
    hash: 'sha384',
    point:
      '042c3e3ffab384b3fa0dfaea3d56608c434a70678085343c670fe6051d6a9f6bf47c55f7efabf29c7a68d992bcd5ad5c033ee732adc5d92700f5fcf8ec60213b45dac84f20280caa2b189308c939e2445c1cbbdc8aa112d001d4176c2616f0fd4b',
    signature:
      '30650231009f684c4903753363daa8dab83c59c8b344b7e52c93f9a942f9d7c838b97dd23dec39badca1117c8e9a82e8b37d952dc002303bbb258fd333a1bbee62a80aa922e994b544c49f57cead55103290b3f3bf029e7eb886da98ae574c9902af65684ddcef',
  },
  'P-521': {
    hash: 'sha512',
    point:
      '040014720ae9fed9b62d02cae84d218722d6c5bfeacb66a22b025c063bde7c85f3e7bfb5d7940d1ee435ef6f72517f2edf4e488049d602ec08ec9483e4e075e4dcfe2f016be5bf82a9ae9136412b2ff95f4e1d092a1023fc947ad89ce7bbbba426c89059c94a3f24e5615ac328856f02ee5a731e0662ede1c05590bbd0408e9ce991339e42',
    signature:
      '30818702411250bbd9f18188bd1f6317cecbdf2bc176e252a4e5692125cae13881aa7b6aa29c9d882061b2c3e686968d6d5f6adc85ae063a6712e47ce4fdf12afd039e28fc35024200d1453299eaab5b5d531cbb5bca05d8e4e7ae990fec0a380e0d5a74fe3f7c976b820f542793a1506f58ddc248e6de77c5a284d2b8498f0434076080742202d6fee5',
  },
} as const;

const RSA = {
  modulus:
    'e11a2653bbba950f644ee3caacc49274a9aa6eec38bbf4a692b0440e91cda08dfbce100109099468f200abeb035b68baf0185162ffc6f200c4d58d836f3c5858704d4133755f3eb730599fe5b7f077e2f8b87707a74b5ac2bd3e47bddb8884ba9ed0bcd14050ff5bbc92ccd07d4a43e34def9c19175ab0c21e17402b7478d74a53b835f9100598e59de638d02f103d009850f11a34cf8f187a0d910510c184400baaf174ef42838b6688b69e6037dedee72eb25d7f7ee80974b2b0fc406b41cf8d781e41dcdd9b856b72c83e7abb7d5d4180f89af3e57c8829556568ce11deb3e8b3b79d4e5b2cb56d03e492a681ac646deb7de9ec051713d650aad4675dcb71',
  'rsa-pkcs1':
    '74543a47f398ae5811f2386f79440621097d10e1615efd11c9900e7c72f111b4a3eb61aeda82c2a8d8a7535d3999f2a3dc7fdcaee42f825f11ecb846253b79f64ca1210a8ffb15734a354b312b95ccb8820557cacf013e1ddf03f1f78b243fb7935b3d28e3adc558a47d925225a300a6a5958dbbe9fc526c9494e796fa7d0dfc6300833778f732bbaf64708936a99290c32104e9e68aa3d303d20e00c792e544bcb992cb66d265122e39ed8f84e1a6197b73b60318d33807ca9c74218da56079729ee3e9ea6a1e69017960506d719e72a171c244756a7f737cd3e3284a3357e66da0e4488cd53715212aff58b5f9ca20c86569fab7d64c5eae348d8036d640e0',
  'rsa-pss':
    '791c9aeeb9db5b60397ec57c32636ddf21913eba8f9d035f53c1939bed9a90de5d071ffbe7fdcea5160d5941ea5b0f6193b6cf04c4ea80578fb1e5847359b7c0ca9f4714e2c16de6e91e116fdd395e9fc2bc4fc81f22961034edfc0865e0d7cf7e7cd8562349b518515ce2e322723a843e6c8d7bc71ae5acaef04dcb51ae795905894311de8475a9489735661422f149c01ae761540a0a88297bb3c5feb1d37276965708c43b0a51cdddd091761ce3ce17e22684a3402817a6f3997b7bd71c818631d3c83f6cbe81cd67f96776245d049c0238e42e7148d87d35bf9bc647cbf6f7792a5022fe8f9b027017f3ab8502812b43aa027bf03604b468d5ee863d72d3',
} as const;

const EDWARDS = {
  ed25519: {
    key: '3f2e3d2fc7a7646d744774208cc2ab03f0a32c9f4eb9e8644cfb52d7d2f11f3e',
    signature:
      '6978bebcec1ebe5aa3b4ba15e0106d659cc534095e67547e3cb5afeb232e7c6214b0f52e62e3687ec338ce988e43a8b3af0cad5fd91a49eb5c811424d7a82e0a',
  },
  ed448: {
    key: '8f69313a5f9e80d1901de71591ab2157e512675d2717e647ebba164c0b29dbb6702e5558019b154d87cf8f3a3e1d5d5550ca3f78da8edd5500',
    signature:
      'f265b866503d24dbd4345a731061233e7ffa59222e7179d45885a0c85458e430fda21aae62ef0cb3b7d41ea91f975235b4d51e4fde1a043480dfc93928294a3dc55293d90b288293511b7fb23f4870b6d5c06d5a4d672d1854ffa1a4a6284fca0a27df9085f082359166605cbeb9b9f02600',
  },
} as const;

/** By the name of the cipher: PLAINTEXT with HEAD beside it. */
export const CIPHERS: {
  readonly [aead: string]: { readonly key: string; readonly nonce: string; readonly sealed: string };
} = {
  'AES-128-GCM': {
    key: 'd291602e07bc628d0f9071b11162214d',
    nonce: 'b8475472e7bcafc3ba22d363',
    sealed:
      '4aa1cf7cc765303e59898f6b165179b5d9e2f2380335c88f97f4f091feac285406da8a173a5bfd7d78d4631ca94ccdab8964efbe16272f3d65',
  },
  'AES-256-GCM': {
    key: '5834774c8581ebf9db4f7e9de972e5fba4a83e80e8cae242a1f4cc2ec477ad78',
    nonce: '701a0f590de8c38e505d789d',
    sealed:
      '815c3a7cb7482ae7cd70a6ba0bf6ee1d1c8fc34dccc89fa9862d2f118ad3e3c400d761c6b5aa22321b935ad142a01bb6e275e230f5e3615b73',
  },
  'ChaCha20-Poly1305': {
    key: 'ef8d58f47ff648eb5b2a7cfe17d19d5a5bef60ac648be9f7992c530aa33ffddd',
    nonce: '99ebf0e8452aaa84d0f4e64a',
    sealed:
      '55e75eae951144a9f9044d9706f3baeb7ff643454b97fd369a9e90cc77cb587a0ecd0b56a6ccb9e0e65e34fce6ece5e389230f985eb9090607',
  },
};
export const PLAINTEXT: string = 'the quick brown fox jumps over a lazy dog';
export const HEAD: string = 'head';

/** Digests of "abc" (FIPS 180-4), and HMAC of test case 2 of RFC 4231 (of RFC 2202 for SHA-1). */
export const HASHES: { readonly [H in HashName]: { readonly digest: string; readonly hmac: string } } = {
  sha1: {
    digest: 'a9993e364706816aba3e25717850c26c9cd0d89d',
    hmac: 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
  },
  sha256: {
    digest: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    hmac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  sha384: {
    digest: 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
    hmac: 'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
  },
  sha512: {
    digest:
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    hmac: '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  },
};
export const HMAC_KEY: string = 'Jefe';
export const HMAC_DATA: string = 'what do ya want for nothing?';
