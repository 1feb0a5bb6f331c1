/* Cases on standard input, one on each line, answers on standard output: what the judges in C share.
   A case is: seconds since 1970, host or "-", leaf, intermediates, anchors; by tabs, DER in hex, lists by commas. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fields {
  char *part[5];
};

/* Cuts at a character; the rest, or NULL where there is no more. */
static char *cut(char *text, char at) {
  char *found = strchr(text, at);
  if (found == NULL) return NULL;
  *found = 0;
  return found + 1;
}

static int split(char *line, struct fields *fields) {
  for (int i = 0; i < 5; i++) {
    if (line == NULL) return 0;
    fields->part[i] = line;
    line = cut(line, '\t');
  }
  return 1;
}

/* DER, in place of the hex. */
static size_t unhex(char *text) {
  static const char digits[] = "0123456789abcdef";
  size_t length = strlen(text) / 2;
  for (size_t i = 0; i < length; i++) {
    const char *high = strchr(digits, text[2 * i]), *low = strchr(digits, text[2 * i + 1]);
    text[i] = (char)(high == NULL || low == NULL ? 0 : (high - digits) * 16 + (low - digits));
  }
  return length;
}

static void answer(int good, const char *reason) {
  if (good) puts("yes");
  else printf("no\t%s\n", reason);
  fflush(stdout);
}

/* Asks about every case of standard input. */
static int run(void (*judge)(struct fields *)) {
  char *line = NULL;
  size_t size = 0;
  ssize_t length;
  while ((length = getline(&line, &size, stdin)) > 0) {
    struct fields fields;
    if (line[length - 1] == '\n') line[length - 1] = 0;
    if (split(line, &fields)) judge(&fields);
    else answer(0, "a case has five fields");
  }
  free(line);
  return 0;
}
