/* A client of wolfSSL: connects, says one line, shows what comes back. Arguments: port, file of anchors, 12 or 13. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *what, int code) {
  char text[WOLFSSL_MAX_ERROR_SZ];
  printf("FAILED %s: %d %s\n", what, code, wolfSSL_ERR_error_string((unsigned long)-code, text));
  return 1;
}

int main(int argc, char **argv) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  char line[256];
  if (argc != 4) return 2;
  int is13 = strcmp(argv[3], "13") == 0;
  wolfSSL_Init();
  WOLFSSL_CTX *context = wolfSSL_CTX_new(is13 ? wolfTLSv1_3_client_method() : wolfTLSv1_2_client_method());
  if (wolfSSL_CTX_load_verify_locations(context, argv[2], NULL) != WOLFSSL_SUCCESS) return fail("anchors", 0);
  int transport = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_port = htons((unsigned short)atoi(argv[1]));
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  if (connect(transport, (struct sockaddr *)&address, sizeof address) != 0) return fail("connect", 0);
  WOLFSSL *tls = wolfSSL_new(context);
  wolfSSL_UseSNI(tls, WOLFSSL_SNI_HOST_NAME, "server.example", 14);
  wolfSSL_check_domain_name(tls, "server.example");
  wolfSSL_set_fd(tls, transport);
  if (wolfSSL_connect(tls) != WOLFSSL_SUCCESS) return fail("handshake", wolfSSL_get_error(tls, 0));
  printf("%s %s %s\n", wolfSSL_get_version(tls), wolfSSL_get_cipher(tls), wolfSSL_get_curve_name(tls));
  wolfSSL_write(tls, "hello\n", 6);
  int length = wolfSSL_read(tls, line, sizeof line - 1);
  if (length <= 0) return fail("read", wolfSSL_get_error(tls, length));
  printf("%.*s", length, line);
  wolfSSL_shutdown(tls);
  wolfSSL_free(tls);
  wolfSSL_CTX_free(context);
  close(transport);
  return 0;
}
