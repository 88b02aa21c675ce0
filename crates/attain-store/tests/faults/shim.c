/* Stands between a program and the disk: makes the k-th write, sync or rename under a folder fail, or writes down all of them.
 *
 * SHIM_FOLDER  only files under this path are looked at
 * SHIM_AT      the number of the call that fails, from 1
 * SHIM_ERRNO   with this error
 * SHIM_MODE    "once", or "persistent": that call and every later one
 * SHIM_TRACE   write down every call to this file: kind, path, offset, length, bytes; also what makes and moves names
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static long fail_at;
static int fail_errno;
static int is_persistent;
static int trace = -1;
static long calls;

__attribute__((constructor)) static void start(void) {
  folder = getenv("SHIM_FOLDER");
  const char *at = getenv("SHIM_AT");
  fail_at = at ? atol(at) : 0;
  const char *error = getenv("SHIM_ERRNO");
  fail_errno = error ? atoi(error) : EIO;
  const char *mode = getenv("SHIM_MODE");
  is_persistent = mode && strcmp(mode, "persistent") == 0;
  const char *to = getenv("SHIM_TRACE");
  if (to) trace = syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

static int is_ours(const char *path) {
  return folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_ours(path);
}

static void put(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t put = syscall(SYS_write, trace, at, length);
    if (put <= 0) _exit(98);
    at += put;
    length -= put;
  }
}

static void write_down(char kind, const char *path, uint64_t offset, const void *bytes, uint64_t length) {
  if (trace < 0) return;
  uint64_t path_length = strlen(path);
  put(&kind, 1);
  put(&path_length, 8);
  put(path, path_length);
  put(&offset, 8);
  put(&length, 8);
  if (bytes) put(bytes, length);
}

/* Whether this call fails. */
static int fails(void) {
  calls++;
  if (!fail_at || calls < fail_at || (calls > fail_at && !is_persistent)) return 0;
  errno = fail_errno;
  return 1;
}

#define GUARDED(body)              \
  pthread_mutex_lock(&mutex);      \
  body;                            \
  int kept_errno = errno;          \
  pthread_mutex_unlock(&mutex);    \
  errno = kept_errno;

ssize_t write(int fd, const void *bytes, size_t length) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return syscall(SYS_write, fd, bytes, length);
  ssize_t result = -1;
  GUARDED(if (!fails()) {
    off_t offset = lseek(fd, 0, SEEK_CUR);
    result = syscall(SYS_write, fd, bytes, length);
    if (result > 0) write_down('w', path, offset, bytes, result);
  })
  return result;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return syscall(SYS_pwrite64, fd, bytes, length, offset);
  ssize_t result = -1;
  GUARDED(if (!fails()) {
    result = syscall(SYS_pwrite64, fd, bytes, length, offset);
    if (result > 0) write_down('w', path, offset, bytes, result);
  })
  return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return pwrite64(fd, bytes, length, offset);
}

static int sync_with(long number, int fd) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return syscall(number, fd);
  int result = -1;
  GUARDED(if (!fails()) {
    result = syscall(number, fd);
    if (result == 0) write_down('s', path, 0, NULL, 0);
  })
  return result;
}

int fsync(int fd) { return sync_with(SYS_fsync, fd); }

int fdatasync(int fd) { return sync_with(SYS_fdatasync, fd); }

int ftruncate64(int fd, off_t length) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return syscall(SYS_ftruncate, fd, length);
  int result = -1;
  GUARDED(if (!fails()) {
    result = syscall(SYS_ftruncate, fd, length);
    if (result == 0) write_down('t', path, length, NULL, 0);
  })
  return result;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

/* A file that is made has a name before anything is written to it. */
static int open_with(const char *path, int flags, mode_t mode) {
  if (!(flags & O_CREAT) || !is_ours(path)) return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  int result = -1;
  GUARDED({
    int is_new = syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    result = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (result >= 0 && is_new) write_down('c', path, 0, NULL, 0);
  })
  return result;
}

#define MODE(flags)                        \
  mode_t mode = 0;                         \
  if ((flags) & O_CREAT) {                 \
    va_list more;                          \
    va_start(more, flags);                 \
    mode = va_arg(more, mode_t);           \
    va_end(more);                          \
  }

int open(const char *path, int flags, ...) {
  MODE(flags)
  return open_with(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  MODE(flags)
  return open_with(path, flags | O_LARGEFILE, mode);
}

int mkdir(const char *path, mode_t mode) {
  int result = syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  int kept_errno = errno;
  if (result == 0 && is_ours(path)) {
    pthread_mutex_lock(&mutex);
    write_down('d', path, 0, NULL, 0);
    pthread_mutex_unlock(&mutex);
  }
  errno = kept_errno;
  return result;
}

int unlink(const char *path) {
  int result = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  if (result == 0 && is_ours(path)) {
    pthread_mutex_lock(&mutex);
    write_down('u', path, 0, NULL, 0);
    pthread_mutex_unlock(&mutex);
  }
  return result;
}

int rename(const char *from, const char *to) {
  if (!is_ours(to)) return syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
  int result = -1;
  GUARDED(if (!fails()) {
    result = syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
    if (result == 0) write_down('r', from, 0, to, strlen(to));
  })
  return result;
}
