import { fromHex } from '../../bytes/bytes.ts';
import type { PrivateKey } from '../types.ts';

/**
 * Private keys that are no secret: digests of their own names, and an RSA key made for this. Kept apart from the known answers
 * (../known-answers.ts), which are in the bundles of programs.
 */
export function conformanceKeys(): readonly (readonly [name: string, key: PrivateKey])[] {
  return [
    [
      'P-256',
      {
        kind: 'ec',
        curve: 'P-256',
        scalar: fromHex('13edcb947218bab3001e1b0d737c701cb4a3cd7773fefd1cd5c6f30d51363bf1'),
      },
    ],
    [
      'P-384',
      {
        kind: 'ec',
        curve: 'P-384',
        scalar: fromHex(
          '16087a671127502f07440eb541c29e8d54009918165f8a4a3a85232e71015d35d3255dfa0eead4968699904f10553efd',
        ),
      },
    ],
    [
      'P-521',
      {
        kind: 'ec',
        curve: 'P-521',
        scalar: fromHex(
          '00cbccee3bca1b8eac6d0189731d2050e265faeb41b653000d55d4f645b902a340b33e2d941ada3be877da81ff9e38b9868f33b2c3dc5ed14ceff64facb3299ab1fb',
        ),
      },
    ],
    ['Ed25519', { kind: 'ed25519', seed: fromHex('76903b5123fd1c882ba371455a4507d7b90a2d581f08342d817c2cfcc8aac9ef') }],
    [
      'Ed448',
      {
        kind: 'ed448',
        seed: fromHex(
          'a4da7ca966ddb06a4982c9457e7740501e9c99ec7a68bf29057e8479c6db5a06b9cc7e99a7cdb7b57b212e90ebfb0ab39521bda342fed58ccb',
        ),
      },
    ],
    ['RSA', rsa(false)],
    ['RSA-PSS', rsa(true)],
  ];
}

function rsa(pss: boolean): PrivateKey {
  return {
    kind: 'rsa',
    pss,
    modulus: fromHex(
      'e11a2653bbba950f644ee3caacc49274a9aa6eec38bbf4a692b0440e91cda08dfbce100109099468f200abeb035b68baf0185162ffc6f200c4d58d836f3c5858704d4133755f3eb730599fe5b7f077e2f8b87707a74b5ac2bd3e47bddb8884ba9ed0bcd14050ff5bbc92ccd07d4a43e34def9c19175ab0c21e17402b7478d74a53b835f9100598e59de638d02f103d009850f11a34cf8f187a0d910510c184400baaf174ef42838b6688b69e6037dedee72eb25d7f7ee80974b2b0fc406b41cf8d781e41dcdd9b856b72c83e7abb7d5d4180f89af3e57c8829556568ce11deb3e8b3b79d4e5b2cb56d03e492a681ac646deb7de9ec051713d650aad4675dcb71',
    ),
    publicExponent: fromHex('010001'),
    privateExponent: fromHex(
      '6023d183c8b5974d541ba7899c0176c5b1e3336ddb8b5721bf9bdded55137c43b7ec9a043f2e62bef1c11cac0aaa834ff81482ca2410fdb21b5f5409f33bd445ad6d2970476c6ef64185bdd798987133b4e3e01e9a32826892f7e31f31009d23b189d8630cb3ab64ac650c69ed61071eb15e298ec3dd3d8a22dcee50c0f58d89096464145083a22d83f269ff13e391af4e36c0f38843096fd1177fbcc0db4d788d4ec19649805e7965c1afb7708725abef76de4a5afffed9d1a930b46459477b5f344640a8a4bd8e8af636cb43cd8d41ac715b1f22f50a141c837596a7affd16f503d441554cefdba5c3b1d35b945d3022afe12671f2e79e0136bd64127ec573',
    ),
    prime1: fromHex(
      'fce2fd660b26b8a2eaf81551c83f5bcebb908649d37f582a7be68384aa9818e51bec1d86edf811d04bda4c3980c2ca8f48ca72ad8b8e6bdb350901c88c24a1fdbf21c3b2db53288c60ab2d36258c850e1ef00ba8e09598afb95aa5bb839cc4e2787421031d98acf882de735231c723f1ad534fb66822089af51a4bc505289443',
    ),
    prime2: fromHex(
      'e3df97bff61f8b9bd6c29ab9a2f0acc7c9d3fe1eeb4b11723f67f5677ae3fe7376a2e92836b4d36269eaa459d02c743a7fdc0efba7ea3b09225f704f1c0db38e1e9fb0e6d39426b1634e4131254d2db3803f776b8ace97df877e3c1573a06c3819d5b1a2e344a5009ca63faa9e5abd86deb89ab966e8ca5a9958844ddd83e03b',
    ),
    exponent1: fromHex(
      '6ad0ee3bc6060b0335c0a830ad26a5fec2971f41dbc5f455ad940685691169a28c92c53e13122f640e461ce04515023e577ebbc5b626e843e538f2b9e5082c2c64293ce2356600c09aac732265e5dee5c2079ec52c67c3e0a5a8364ce820b5c0fb240235b0b0a68f29a81089ed60b23c08fc21b56872c7b3bc47e92d452a88c5',
    ),
    exponent2: fromHex(
      'cef2de7f60c84f632d8cb936448bad6f189625e0f0b1d15b5fc84b303a845b2f839bfa822204e1412c8e03cae96ba5f706edd4d1aa32e880a82de2f285b8cfcc0f75da14182d2162d29c5c4a84e4edcf6a76b93efae61b39cf74ce9e70cf4dd9396540997d2b776af1d96e52c6d403f23bcd8dff393dcba0b24998869ad9ccc7',
    ),
    coefficient: fromHex(
      '2ee3076af35c8336a2fb64484c50410b4ecbce78f2c59b3e6e78d4dfa2965c284323a98d7d03efc7107a48f4c82bc5094cdf95f93644fe6db5a5e5eef293d7cf5f2dd39c6839aab0c42a255f9c591c3b1edf6d92b18cff1c937954e5bbc1bab258dd57d359163fb4b7b409cb75909d88f752593bd5bc587874b929d28d38a9b0',
    ),
  };
}
