/* Judges chains with GnuTLS's trust lists, for a server with a name. */
#define _GNU_SOURCE
#include "cases.h"
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#define MOST 64

static time_t now;

static time_t clock_of_the_case(time_t *out) {
  if (out != NULL) *out = now;
  return now;
}

static int read_certificate(char *text, gnutls_x509_crt_t *out) {
  gnutls_datum_t der = {.data = (unsigned char *)text, .size = (unsigned int)unhex(text)};
  int code = gnutls_x509_crt_init(out);
  if (code < 0) return code;
  code = gnutls_x509_crt_import(*out, &der, GNUTLS_X509_FMT_DER);
  if (code < 0) gnutls_x509_crt_deinit(*out);
  return code;
}

static unsigned int read_list(char *text, gnutls_x509_crt_t *list, unsigned int most, int *lost) {
  unsigned int count = 0;
  for (char *next; text != NULL && *text != 0 && count < most; text = next) {
    next = cut(text, ',');
    int code = read_certificate(text, &list[count]);
    if (code < 0) *lost = code;
    else count++;
  }
  return count;
}

static void judge(struct fields *fields) {
  gnutls_x509_crt_t chain[MOST], anchors[MOST];
  char reason[600];
  int lost = 0, lost_anchor = 0;
  int code = read_certificate(fields->part[2], &chain[0]);
  if (code < 0) {
    snprintf(reason, sizeof reason, "leaf: %s", gnutls_strerror(code));
    answer(0, reason);
    return;
  }
  unsigned int count = 1 + read_list(fields->part[3], chain + 1, MOST - 1, &lost);
  unsigned int trusted = read_list(fields->part[4], anchors, MOST, &lost_anchor);
  now = (time_t)atoll(fields->part[0]);
  gnutls_x509_trust_list_t list;
  gnutls_x509_trust_list_init(&list, 0);
  gnutls_x509_trust_list_add_cas(list, anchors, trusted, 0);
  gnutls_typed_vdata_st data[2] = {
      {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER},
      {.type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)fields->part[1]},
  };
  unsigned int status = 0;
  code = gnutls_x509_trust_list_verify_crt2(list, chain, count, data, strcmp(fields->part[1], "-") == 0 ? 1 : 2,
                                            GNUTLS_VERIFY_ALLOW_UNSORTED_CHAIN, &status, NULL);
  if (code < 0) {
    snprintf(reason, sizeof reason, "error: %s", gnutls_strerror(code));
    answer(0, reason);
  } else if (status == 0) answer(1, "");
  else {
    gnutls_datum_t text = {0};
    gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0);
    snprintf(reason, sizeof reason, "%s%s%s", text.data == NULL ? "refused" : (char *)text.data,
             lost_anchor < 0 ? "; an anchor cannot be read" : "", lost < 0 ? "; an intermediate cannot be read" : "");
    for (char *at = reason; *at != 0; at++)
      if (*at == '\n' || *at == '\t') *at = ' ';
    answer(0, reason);
    gnutls_free(text.data);
  }
  for (unsigned int i = 0; i < count; i++) gnutls_x509_crt_deinit(chain[i]);
  gnutls_x509_trust_list_deinit(list, 1);
}

int main(void) {
  gnutls_global_init();
  gnutls_global_set_time_function(clock_of_the_case);
  return run(judge);
}
