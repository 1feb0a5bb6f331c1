import { lowerAscii } from '../x509/idna.ts';

/** Names under which the public can register, so that a wildcard directly below them would stand for strangers. */

/**
 * Is this a public suffix? A single label always is; of longer ones the second levels under which registries of countries
 * register. The Baseline Requirements (section 3.2.2.6) look at the ICANN section of the Public Suffix List alone:
 * an owner who gives names away below a domain may have a wildcard for it. The whole list has many thousands and
 * changes by the day: a program that needs it gives a function of its own.
 * @param section 'all': the most used of those under which companies give names away, too. Default: 'icann'.
 *
 * @example
 * ```ts
 * import { isPublicSuffix } from 'warifu/pki';
 * isPublicSuffix('co.uk'); // true
 * isPublicSuffix('s3.amazonaws.com'); // false
 * ```
 */
export function isPublicSuffix(name: string, section: 'icann' | 'all' = 'icann'): boolean {
  const labels = lowerAscii(name).split('.');
  if (labels.length === 1) return true;
  const [first, country] = labels;
  if (labels.length === 2 && first !== undefined && SECOND_LEVELS[country ?? '']?.split(' ').includes(first) === true)
    return true;
  return section === 'all' && GIVEN_AWAY.some((suffix) => isSuffix(labels, suffix.split('.')));
}

function isSuffix(labels: readonly string[], suffix: readonly string[]): boolean {
  return suffix.length === labels.length && suffix.every((part, i) => part === '*' || part === labels[i]);
}

/** By country; only such as are in the ICANN section of the list. */
const SECOND_LEVELS: { readonly [country: string]: string } = {
  ae: 'ac co gov mil net org sch',
  ar: 'com edu gob gov int mil musica net org tur',
  at: 'ac co gv or',
  au: 'asn com edu gov id net org',
  bd: 'ac com edu gov info mil net org',
  br: 'adm adv art blog com eco edu eng gov ind inf jus leg med mil mus net odo org pro srv tv wiki',
  bo: 'com edu gob int mil net org tv web',
  cl: 'co gob gov mil',
  cn: 'ac com edu gov mil net org',
  co: 'com edu gov mil net nom org',
  cr: 'ac co ed fi go or sa',
  cy: 'ac biz com ekloges gov ltd mil net org press pro tm',
  do: 'art com edu gob gov mil net org sld web',
  ec: 'com edu fin gob gov info k12 med mil net org pro',
  eg: 'ac com edu eun gov mil name net org sci tv',
  es: 'com edu gob nom org',
  fj: 'ac biz com gov info mil name net org pro',
  ge: 'com edu gov mil net org pvt',
  gh: 'biz com edu gov mil net org',
  gr: 'com edu gov net org',
  gt: 'com edu gob ind mil net org',
  hk: 'com edu gov idv net org',
  hu: '2000 co info org priv sport tm',
  id: 'ac biz co desa go mil my net or ponpes sch web',
  il: 'ac co gov idf k12 muni net org',
  in: 'ac co edu firm gen gov ind mil net nic org res',
  ir: 'ac co gov id net org sch',
  it: 'edu gov',
  jo: 'com edu gov mil net org sch',
  jp: 'ac ad co ed go gr lg ne or',
  ke: 'ac co go info me mobi ne or sc',
  kr: 'ac co es go hs kg mil ms ne or pe re sc',
  kw: 'com edu emb gov ind net org',
  kz: 'com edu gov mil net org',
  lk: 'ac assn com edu gov grp hotel int ltd net ngo org sch soc web',
  ma: 'ac co gov net org press',
  mx: 'com edu gob net org',
  my: 'biz com edu gov mil name net org',
  mz: 'ac adv co edu gov mil net org',
  ng: 'com edu gov i mil mobi name net org sch',
  ni: 'ac biz co com edu gob in info int mil net nom org web',
  np: 'com edu gov mil net org',
  nz: 'ac co cri geek gen govt health iwi kiwi maori mil net org parliament school',
  om: 'co com edu gov med museum net org pro',
  pa: 'abo ac com edu gob ing med net nom org sld',
  pe: 'com edu gob mil net nom org',
  ph: 'com edu gov i mil net ngo org',
  pk: 'com edu fam gob gok gon gop gos gov net org web',
  pl: 'aid agro atm auto biz com edu gmina gov gsm info mail media miasta mil net nom org pc powiat priv shop sos tm travel',
  pr: 'ac biz com edu est gov info isla name net org pro prof',
  pt: 'com edu gov int net nome org publ',
  py: 'com coop edu gov mil net org',
  qa: 'com edu gov mil name net org sch',
  ro: 'arts com firm info nom nt org rec store tm www',
  rs: 'ac co edu gov in org',
  sa: 'com edu gov med net org pub sch',
  sg: 'com edu gov net org per',
  sv: 'com edu gob org red',
  th: 'ac co go in mi net or',
  tn: 'com ens fin gov ind info intl mincom nat net org perso tourism',
  tr: 'av bbs bel biz com dr edu gen gov info k12 kep mil name net org pol tel tsk tv web',
  tt: 'biz co com edu gov info mil name net org pro',
  tw: 'club com ebiz edu game gov idv mil net org',
  tz: 'ac co go hotel info me mil mobi ne or sc tv',
  ua: 'com edu gov in net org',
  ug: 'ac co com go ne or org sc',
  uk: 'ac co gov ltd me net nhs org plc police',
  uy: 'com edu gub mil net org',
  uz: 'co com net org',
  ve: 'arts bib co com e12 edu firm gob gov info int mil net nom org rar rec store tec web',
  vn: 'ac biz com edu gov health info int name net org pro',
  za: 'ac agric alt co edu gov grondar law mil net ngo nic nis nom org school tm web',
  zm: 'ac biz co com edu gov info mil net org sch',
  zw: 'ac co gov mil org',
};

const GIVEN_AWAY: readonly string[] = [
  ...['appspot.com', 'web.app', 'firebaseapp.com', 'run.app', 'cloudfunctions.net', 'blogspot.com', 'withgoogle.com'],
  ...['s3.amazonaws.com', '*.s3.amazonaws.com', 's3.*.amazonaws.com', 'cloudfront.net', '*.elb.amazonaws.com'],
  ...[
    '*.compute.amazonaws.com',
    'elasticbeanstalk.com',
    '*.elasticbeanstalk.com',
    'amplifyapp.com',
    'awsapprunner.com',
  ],
  ...['azurewebsites.net', 'azurestaticapps.net', 'blob.core.windows.net', 'cloudapp.net', 'cloudapp.azure.com'],
  ...['trafficmanager.net', 'github.io', 'githubusercontent.com', 'gitlab.io', 'bitbucket.io', 'herokuapp.com'],
  ...['netlify.app', 'vercel.app', 'now.sh', 'pages.dev', 'workers.dev', 'onrender.com', 'fly.dev', 'surge.sh'],
  ...['deno.dev', 'glitch.me', 'repl.co', 'wordpress.com', 'myshopify.com', 'weebly.com', 'duckdns.org', 'no-ip.org'],
  ...['dyndns.org', 'ngrok.io', 'ngrok.app', 'readthedocs.io', 'fastly.net', 'edgekey.net', 'akamaized.net'],
];
