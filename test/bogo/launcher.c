/*
 * What the runner starts once for each test: hands its arguments to the process that waits at the Unix socket named in
 * BOGO_SOCKET, and repeats that process's answer. Without BOGO_SOCKET it starts Node on the shim at BOGO_SHIM instead,
 * one process for each test. With BOGO_LIST it runs nothing, and adds a line with the flags to the file of that name: so
 * the runner can be made to say which tests there are.
 *
 * Question: every argument, each ended by a zero byte; then our end of the socket is closed for writing.
 * Answer: one byte of exit status, then what goes to standard error. No answer at all is a crash: status 90, which the
 * runner counts as a failure even where it expects one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { NOT_IMPLEMENTED = 89, CRASHED = 90, MOST_ARGUMENTS = 1024 };

static int crash(const char *what) {
  fprintf(stderr, "launcher: %s: %s\n", what, strerror(errno));
  return CRASHED;
}

static int write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return -1;
    bytes += written;
    length -= (size_t)written;
  }
  return 0;
}

static int run_node(int argc, char **argv) {
  const char *shim = getenv("BOGO_SHIM");
  const char *node = getenv("BOGO_NODE");
  char *arguments[MOST_ARGUMENTS + 4];
  int count = 0;
  if (shim == NULL || argc > MOST_ARGUMENTS) return crash("neither BOGO_SOCKET nor BOGO_SHIM");
  arguments[count++] = (char *)(node != NULL ? node : "node");
  arguments[count++] = (char *)"--no-warnings";
  arguments[count++] = (char *)shim;
  for (int i = 1; i < argc; i++) arguments[count++] = argv[i];
  arguments[count] = NULL;
  execvp(arguments[0], arguments);
  return crash("execvp");
}

static int list(const char *path, int argc, char **argv) {
  FILE *file = fopen(path, "a");
  if (file == NULL) return crash(path);
  for (int i = 1; i < argc; i++) {
    if (argv[i][0] == '-' && strpbrk(argv[i], " \n") == NULL) fprintf(file, "%s ", argv[i]);
  }
  fputc('\n', file);
  return fclose(file) == 0 ? NOT_IMPLEMENTED : crash(path);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-is-handshaker-supported") == 0) {
      puts("No");
      return 0;
    }
  }
  if (getenv("BOGO_LIST") != NULL) return list(getenv("BOGO_LIST"), argc, argv);
  const char *sockets = getenv("BOGO_SOCKET");
  if (sockets == NULL) return run_node(argc, argv);

  /* Several processes wait when there are several paths; which one answers is left to chance. */
  char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
  int paths = 1;
  for (const char *c = sockets; *c != '\0'; c++) paths += *c == ':';
  const char *start = sockets;
  for (int skip = (int)(getpid() % paths); skip > 0; skip--) start = strchr(start, ':') + 1;
  size_t length = strcspn(start, ":");
  if (length >= sizeof(path)) return crash("path too long");
  memcpy(path, start, length);
  path[length] = '\0';

  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) return crash(path);
  for (int i = 1; i < argc; i++) {
    if (write_all(fd, argv[i], strlen(argv[i]) + 1) != 0) return crash("write");
  }
  shutdown(fd, SHUT_WR);

  unsigned char status = CRASHED;
  int have_status = 0;
  char buffer[4096];
  for (;;) {
    ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size_t at = 0;
    if (!have_status) {
      status = (unsigned char)buffer[0];
      have_status = 1;
      at = 1;
    }
    write_all(STDERR_FILENO, buffer + at, (size_t)got - at);
  }
  if (!have_status) fprintf(stderr, "launcher: the shim died\n");
  return status;
}
