// Makes the file system fail, for tests: a library that is loaded before all others (LD_PRELOAD) and stands between a
// program and the C library's calls.
//
//   FAULT_UNDER   calls on files below this folder count, no others
//   FAULT_CALL    open, write, fsync, rename or link
//   FAULT_AT      the number, from 1, of the first call that fails
//   FAULT_ERRNO   the error that it and all later ones of its kind fail with; 0: writes are short, and succeed
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int calls;

static int isBelow(const char* path) {
  const char* under = getenv("FAULT_UNDER");
  return under != NULL && path != NULL && strncmp(path, under, strlen(under)) == 0;
}

static int isFileBelow(int file) {
  char link[64];
  char path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  return isBelow(path);
}

// Whether this call is to fail; sets errno then.
static int fails(const char* call, int concerned) {
  const char* chosen = getenv("FAULT_CALL");
  if (chosen == NULL || strcmp(chosen, call) != 0 || !concerned) return 0;
  if (atomic_fetch_add(&calls, 1) + 1 < atoi(getenv("FAULT_AT"))) return 0;
  errno = atoi(getenv("FAULT_ERRNO"));
  return 1;
}

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))

static size_t half(size_t length) { return length > 1 ? length / 2 : length; }

ssize_t write(int file, const void* bytes, size_t length) {
  typedef ssize_t (*Write)(int, const void*, size_t);
  if (fails("write", isFileBelow(file))) {
    if (errno != 0) return -1;
    length = half(length);
  }
  return NEXT(Write, "write")(file, bytes, length);
}

ssize_t pwrite64(int file, const void* bytes, size_t length, off64_t offset) {
  typedef ssize_t (*Write)(int, const void*, size_t, off64_t);
  if (fails("write", isFileBelow(file))) {
    if (errno != 0) return -1;
    length = half(length);
  }
  return NEXT(Write, "pwrite64")(file, bytes, length, offset);
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  typedef ssize_t (*Write)(int, const struct iovec*, int);
  if (fails("write", isFileBelow(file))) {
    if (errno != 0) return -1;
    return write(file, parts[0].iov_base, parts[0].iov_len);
  }
  return NEXT(Write, "writev")(file, parts, count);
}

int fsync(int file) {
  typedef int (*Sync)(int);
  if (fails("fsync", isFileBelow(file))) return -1;
  return NEXT(Sync, "fsync")(file);
}

int rename(const char* from, const char* to) {
  typedef int (*Rename)(const char*, const char*);
  if (fails("rename", isBelow(to))) return -1;
  return NEXT(Rename, "rename")(from, to);
}

int link(const char* from, const char* to) {
  typedef int (*Link)(const char*, const char*);
  if (fails("link", isBelow(to))) return -1;
  return NEXT(Link, "link")(from, to);
}

int open64(const char* path, int flags, ...) {
  typedef int (*Open)(const char*, int, mode_t);
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  if (fails("open", (flags & O_CREAT) != 0 && isBelow(path))) return -1;
  return NEXT(Open, "open64")(path, flags, mode);
}

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  return open64(path, flags, mode);
}
