import { lowerAscii } from '../x509/idna.ts';

/** Names under which anybody can register, so that a wildcard directly below them would stand for strangers. */

/**
 * Is this a public suffix? A single label always is; of longer ones the second levels that countries use, and the most
 * used of those under which companies give names away. The whole list has many thousands and changes by the day: who
 * needs it gives a function of their own.
 */
export function isPublicSuffix(name: string): boolean {
  const labels = lowerAscii(name).split('.');
  if (labels.length === 1) return true;
  const [first, second] = labels as [string, string];
  if (labels.length === 2 && second.length === 2 && COUNTRY_SECOND_LEVELS.includes(first)) return true;
  return GIVEN_AWAY.some((suffix) => {
    const parts = suffix.split('.');
    return parts.length === labels.length && parts.every((part, i) => part === '*' || part === labels[i]);
  });
}

const COUNTRY_SECOND_LEVELS: readonly string[] = [
  ...['ac', 'asn', 'co', 'com', 'edu', 'go', 'gob', 'gouv', 'gov', 'govt', 'id', 'info', 'ltd', 'ltda', 'me', 'mil'],
  ...['ne', 'net', 'nhs', 'nom', 'or', 'org', 'plc', 'police', 'sch', 'school'],
];

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
