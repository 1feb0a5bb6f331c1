/* Judges chains with OpenSSL's X509_verify_cert, as a TLS client does; with policies looked at, and every anchor trusted. */
#define _GNU_SOURCE
#include "cases.h"
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <openssl/x509_vfy.h>

static X509 *read_certificate(char *text) {
  size_t length = unhex(text);
  const unsigned char *at = (const unsigned char *)text;
  X509 *certificate = d2i_X509(NULL, &at, (long)length);
  if (certificate != NULL && at != (const unsigned char *)text + length) {
    X509_free(certificate);
    certificate = NULL;
  }
  ERR_clear_error();
  return certificate;
}

/* How many could not be read. */
static int read_list(char *text, STACK_OF(X509) *list) {
  int lost = 0;
  for (char *next; text != NULL && *text != 0; text = next) {
    next = cut(text, ',');
    X509 *certificate = read_certificate(text);
    if (certificate == NULL) lost++;
    else sk_X509_push(list, certificate);
  }
  return lost;
}

static unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_POLICY_CHECK;

static void judge(struct fields *fields) {
  X509 *leaf = read_certificate(fields->part[2]);
  if (leaf == NULL) {
    answer(0, "leaf: it cannot be read");
    return;
  }
  STACK_OF(X509) *others = sk_X509_new_null(), *anchors = sk_X509_new_null();
  int lost = read_list(fields->part[3], others), lost_anchors = read_list(fields->part[4], anchors);
  X509_STORE *store = X509_STORE_new();
  for (int i = 0; i < sk_X509_num(anchors); i++) X509_STORE_add_cert(store, sk_X509_value(anchors, i));
  X509_STORE_CTX *context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, leaf, others);
  X509_STORE_CTX_set_default(context, "ssl_server");
  X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_flags(rules, flags);
  X509_VERIFY_PARAM_set_auth_level(rules, 2);
  X509_VERIFY_PARAM_set_time(rules, (time_t)atoll(fields->part[0]));
  const char *host = fields->part[1];
  if (strcmp(host, "-") != 0) {
    if (X509_VERIFY_PARAM_set1_ip_asc(rules, host) != 1) {
      X509_VERIFY_PARAM_set1_host(rules, host, 0);
      X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    }
  }
  int good = X509_verify_cert(context) == 1;
  if (good) answer(1, "");
  else {
    char reason[300];
    snprintf(reason, sizeof reason, "%s at %d%s%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)),
             X509_STORE_CTX_get_error_depth(context), lost_anchors > 0 ? "; an anchor cannot be read" : "",
             lost > 0 ? "; an intermediate cannot be read" : "");
    answer(0, reason);
  }
  ERR_clear_error();
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  sk_X509_pop_free(others, X509_free);
  sk_X509_pop_free(anchors, X509_free);
  X509_free(leaf);
}

int main(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "strict") == 0) flags |= X509_V_FLAG_X509_STRICT;
  return run(judge);
}
