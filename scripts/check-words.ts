/**
 * Words that this project does without, because they make a riddle of what the field has a word for. What to write instead
 * stands beside each.
 */
const WORDS: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b(some|any)body\b|\bsomeone\b/gi, 'the peer, the client, the program, an attacker'],
  [/\bnobody\b/gi, 'no peer, or a passive: "is not known", "was not asked for"'],
  [/\bwho(m|so)?ever\b/gi, 'the peer, the one who, in whichever order'],
  [/\b(go(es|ing)?|went) on\b(?! (a|an|its|our|the|top)\b)/gi, 'continues, resumes, still sends'],
  [/\bin force\b/gi, 'valid (certificates), current (suites)'],
  [/\b(broken|broke|breaks?) off\b/gi, 'aborted'],
  [/\bpass(ed|es|ing)? over\b/gi, 'ignored, skipped'],
  [/\bkeepers?\b|TicketKeeper/gi, 'TicketSealer, store'],
  [/\bliars?\b|\bmaul(s|ed|ing)?\b/gi, 'misbehaving peer'],
  [/\bbooks describe\b|\bclassic (RSA )?exchange\b/gi, 'RSA key exchange'],
  [/\bKit12\b|\bmodern12\b/g, 'KeyExchange12'],
  [/\b(takeState|keepState|ownSignatures|contextFor)\b/g, 'load, store, signingAlgorithms, selectContext'],
];

/** Every use, as a sentence; `files` maps paths to their text. */
export function checkWords(files: ReadonlyMap<string, string>): string[] {
  const uses: string[] = [];
  for (const [file, text] of files)
    for (const [index, line] of text.split('\n').entries())
      for (const [pattern, instead] of WORDS)
        for (const [found] of line.matchAll(pattern)) uses.push(`${file}:${index + 1}: "${found}"; write: ${instead}`);
  return uses;
}
