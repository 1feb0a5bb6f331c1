// fetch from a server whose certificate is of an authority of one's own.
import { readFileSync } from 'node:fs';
import { Agent, fetch } from 'undici';
import { connector } from 'warifu/node';

const dispatcher = new Agent({ connect: connector({ anchors: readFileSync('ca/root.crt', 'utf8') }) });
const response = await fetch(process.argv[2] ?? 'https://localhost:8443/', { dispatcher });
console.log(response.status);
console.log(await response.text());
