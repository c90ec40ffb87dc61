/* Records and spoils what one process does to the files below one directory (LD_PRELOAD; 64-bit Linux).

   TRACKWAY_FAULT_DIR     the directory, as a real path: required
   TRACKWAY_FAULT_LOG     a file to record the operations in, with their data
   TRACKWAY_FAULT_AT      at the n-th operation (from 1) do
   TRACKWAY_FAULT_WHAT    kill | eio | enospc | short
   TRACKWAY_FAULT_STICKY  set: from then on always
   TRACKWAY_FAULT_PHASE   count (for TRACKWAY_FAULT_AT) only from the marker on that says so
   TRACKWAY_FAULT_READS   set: opening and reading count too
   TRACKWAY_FAULT_SOCKETS set: sending and receiving count too, of every socket (workers, a database server)

   Only the process that was started with these variables is watched: not what it forks (a locked worker may make no
   system call but its own) and not what it starts. A process that forked from one that was started without them may
   set them and call trackway_fault_start(). Files that end in -shm are left alone: SQLite's shared memory is
   never read after a crash. A write to a file named .phase or .ack is a marker: logged, neither counted nor spoiled.
   Writes through mmap and through stdio buffers do not pass here: powercut.unseen() compares the directory with the log.

   Every wrapper makes its system call itself, so that nothing depends on the order in which libraries are loaded. The
   path of a descriptor is asked of the kernel each time, so that renamed, duplicated and reused ones need no table. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

_Static_assert(sizeof(long) == 8, "offsets are passed in one register");

enum { MOST_PIECES = 1024, LOG_FD_FROM = 900 };
enum verdict { GO, FAIL, SHORT };
enum what { KILL, EIO_, ENOSPC_, SHORT_ };

static struct {
  char dir[PATH_MAX];
  size_t dir_length;
  pid_t owner; /* 0: not watching */
  int log_fd, sticky, reads, sockets, waiting;
  enum what what;
  uint64_t at, count, from; /* from: the count when the phase began */
  char phase[64];
} self = {.log_fd = -1};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void forked(void) { self.owner = 0; }

/* A vfork child shares our memory until it starts its program; it has another number and is not watched. */
static int watching(void) { return self.owner && self.owner == (pid_t)syscall(SYS_getpid); }

/* ---- which file ---- */

static int ends_with(const char *text, const char *end) {
  size_t length = strlen(text), end_length = strlen(end);
  return length >= end_length && !strcmp(text + length - end_length, end);
}

static char marker(const char *path) { return ends_with(path, "/.phase") ? 'P' : ends_with(path, "/.ack") ? 'A' : 0; }

static int below(const char *path) {
  if (strncmp(path, self.dir, self.dir_length)) return 0;
  return (path[self.dir_length] == '/' || !path[self.dir_length]) && !ends_with(path, "-shm");
}

static int read_link(const char *link, char *out) {
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, out, PATH_MAX - 1);
  if (length > 0) out[length] = 0;
  return length > 0;
}

static int path_of(int fd, char *out) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  return read_link(link, out);
}

/* Whether fd is an open file below the directory that still has a name; its path. Keeps errno. */
static int watched(int fd, char *path) {
  if (!watching()) return 0;
  int before = errno, found = path_of(fd, path) && below(path) && !ends_with(path, " (deleted)");
  errno = before;
  return found;
}

/* The same for a name, of something that need not exist yet. Symbolic links are followed but for the last part. */
static int watched_name(int at, const char *name, char *path) {
  char whole[2 * PATH_MAX], parent[PATH_MAX];
  int before = errno, found = 0;
  if (!name || !name[0] || !watching()) return 0;
  if (name[0] == '/') snprintf(whole, sizeof whole, "%s", name);
  else if (at == AT_FDCWD ? read_link("/proc/self/cwd", parent) : path_of(at, parent))
    snprintf(whole, sizeof whole, "%s/%s", parent, name);
  else return errno = before, 0;
  for (size_t n = strlen(whole); n > 1 && whole[n - 1] == '/'; n--) whole[n - 1] = 0;
  char *last = strrchr(whole, '/');
  *last = 0;
  if (realpath(last == whole ? "/" : whole, parent)) {
    found = snprintf(path, PATH_MAX, "%s/%s", parent, last + 1) < PATH_MAX && below(path);
  }
  errno = before;
  return found;
}

/* ---- counting, spoiling, recording ---- */

/* The lock is held from begin to finish, so that the log has the order of the disk. */
static enum verdict begin(char op, const char *path) {
  pthread_mutex_lock(&lock);
  if (marker(path)) return GO;
  uint64_t n = ++self.count;
  if (!self.at || self.waiting || n - self.from < self.at || (!self.sticky && n - self.from > self.at)) return GO;
  if (self.what == KILL) syscall(SYS_kill, syscall(SYS_getpid), SIGKILL), pause();
  if (self.what == SHORT_) return op == 'W' ? SHORT : GO;
  if (self.what == ENOSPC_ && strchr("UDOr", op)) return GO; /* these take no space */
  return FAIL;
}

static long finish(long result, int error) {
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

static long refuse(void) { return finish(-1, self.what == EIO_ ? EIO : ENOSPC); }

static void note_data(char op, const char *path, int64_t offset, uint64_t length, const struct iovec *data, int pieces) {
  if (self.log_fd < 0) return;
  struct __attribute__((packed)) { char op; uint32_t path_length; uint64_t no; int64_t offset; uint64_t length; } head;
  head.op = op, head.path_length = strlen(path), head.no = self.count, head.offset = offset, head.length = length;
  struct iovec out[2] = {{&head, sizeof head}, {(void *)path, head.path_length}};
  syscall(SYS_writev, self.log_fd, out, 2);
  for (int i = 0; i < pieces && length; i++) {
    size_t piece = data[i].iov_len < length ? data[i].iov_len : length;
    syscall(SYS_write, self.log_fd, data[i].iov_base, piece);
    length -= piece;
  }
}

static void note(char op, const char *path, int64_t offset) {
  if (!marker(path)) note_data(op, path, offset, 0, NULL, 0);
}

static void note_pair(char op, const char *path, const char *other) {
  struct iovec data = {(void *)other, strlen(other)};
  note_data(op, path, 0, data.iov_len, &data, 1);
}

/* What the kernel copied for the program is read back, since the program never held it. */
static void note_copied(const char *path, int64_t offset, int64_t length) {
  static char chunk[1 << 16];
  int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  while (fd >= 0 && length > 0) {
    long got = syscall(SYS_pread64, fd, chunk, length < (long)sizeof chunk ? length : (long)sizeof chunk, offset);
    if (got <= 0) break;
    struct iovec data = {chunk, got};
    note_data('W', path, offset, got, &data, 1);
    offset += got, length -= got;
  }
  if (fd >= 0) syscall(SYS_close, fd);
}

void trackway_fault_start(void) {
  char owner[24], now[24];
  const char *dir = getenv("TRACKWAY_FAULT_DIR"), *log = getenv("TRACKWAY_FAULT_LOG");
  const char *at = getenv("TRACKWAY_FAULT_AT"), *what = getenv("TRACKWAY_FAULT_WHAT");
  const char *earlier = getenv("TRACKWAY_FAULT_OWNER"), *phase = getenv("TRACKWAY_FAULT_PHASE");
  snprintf(now, sizeof now, "%d", (int)getpid());
  snprintf(owner, sizeof owner, "%s", earlier ? earlier : now);
  if (!dir || strcmp(owner, now)) return;
  setenv("TRACKWAY_FAULT_OWNER", now, 1); /* what this process starts sees another number than its own */
  snprintf(self.dir, sizeof self.dir, "%s", dir);
  self.dir_length = strlen(self.dir);
  self.sticky = getenv("TRACKWAY_FAULT_STICKY") != NULL;
  self.reads = getenv("TRACKWAY_FAULT_READS") != NULL;
  self.sockets = getenv("TRACKWAY_FAULT_SOCKETS") != NULL;
  self.waiting = phase && phase[0];
  snprintf(self.phase, sizeof self.phase, "%s\n", phase ? phase : "");
  self.at = at ? strtoull(at, NULL, 10) : 0;
  if (what && !strcmp(what, "eio")) self.what = EIO_;
  if (what && !strcmp(what, "enospc")) self.what = ENOSPC_;
  if (what && !strcmp(what, "short")) self.what = SHORT_;
  if (log) {
    int fd = syscall(SYS_openat, AT_FDCWD, log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    self.log_fd = syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, LOG_FD_FROM); /* out of the way of closing all */
    if (self.log_fd < 0) self.log_fd = fd;
    else syscall(SYS_close, fd);
  }
  pthread_atfork(NULL, NULL, forked);
  self.owner = getpid();
}
__attribute__((constructor)) static void start(void) { trackway_fault_start(); }

/* Called with the lock held: a marker was written. */
static void meet_phase(const struct iovec *data, int pieces) {
  size_t length = strlen(self.phase);
  if (!self.waiting || pieces < 1 || data->iov_len != length || memcmp(data->iov_base, self.phase, length)) return;
  self.waiting = 0;
  self.from = self.count;
}

/* ---- opening ---- */

static int open_file(int at, const char *name, int flags, mode_t mode) {
  char path[PATH_MAX];
  int counts = self.reads || flags & (O_CREAT | O_TRUNC);
  if (!counts || (flags & O_TMPFILE) == O_TMPFILE || !watched_name(at, name, path) || marker(path))
    return syscall(SYS_openat, at, name, flags, mode);
  int before = errno, there = syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
  errno = before;
  char op = !there && flags & O_CREAT ? 'C' : there && flags & O_TRUNC ? 'T' : self.reads ? 'O' : 0;
  if (!op) return syscall(SYS_openat, at, name, flags, mode);
  if (begin(op, path) == FAIL) return refuse();
  int fd = syscall(SYS_openat, at, name, flags, mode), error = errno;
  if (fd >= 0) note(op, path, 0);
  return finish(fd, error);
}

#define OPEN(call, flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); } \
  return call
int open(const char *name, int flags, ...) { OPEN(open_file(AT_FDCWD, name, flags, mode), flags); }
int open64(const char *name, int flags, ...) { OPEN(open_file(AT_FDCWD, name, flags, mode), flags); }
int openat(int at, const char *name, int flags, ...) { OPEN(open_file(at, name, flags, mode), flags); }
int openat64(int at, const char *name, int flags, ...) { OPEN(open_file(at, name, flags, mode), flags); }
int __open_2(const char *name, int flags) { return open_file(AT_FDCWD, name, flags, 0); }
int __open64_2(const char *name, int flags) { return open_file(AT_FDCWD, name, flags, 0); }
int __openat_2(int at, const char *name, int flags) { return open_file(at, name, flags, 0); }
int __openat64_2(int at, const char *name, int flags) { return open_file(at, name, flags, 0); }
int creat(const char *name, mode_t mode) { return open_file(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *name, mode_t mode) { return creat(name, mode); }

/* ---- writing ---- */

/* offset -1: at the file's own position */
static ssize_t write_pieces(int fd, const char *path, const struct iovec *pieces, int count, off_t offset, int flags) {
  struct iovec less[MOST_PIECES];
  char mark = marker(path);
  size_t total = 0;
  if (count < 0 || count > MOST_PIECES) return errno = EINVAL, -1;
  enum verdict verdict = begin('W', path);
  if (verdict == FAIL) return refuse();
  for (int i = 0; i < count; i++) total += (less[i] = pieces[i]).iov_len;
  if (verdict == SHORT && total > 1) {
    size_t left = total / 2;
    for (int i = 0; i < count; left -= less[i++].iov_len)
      if (less[i].iov_len > left) less[i].iov_len = left;
  }
  ssize_t result = offset < 0 && !flags ? syscall(SYS_writev, fd, less, count)
                                        : syscall(SYS_pwritev2, fd, less, count, offset, 0L, flags);
  int error = errno;
  if (result > 0) {
    if (offset < 0) offset = syscall(SYS_lseek, fd, 0L, SEEK_CUR) - result;
    note_data(mark ? mark : 'W', path, offset, result, less, count);
    if (mark == 'P') meet_phase(less, count);
  }
  return finish(result, error);
}

static ssize_t write_one(int fd, const char *path, const void *data, size_t length, off_t offset) {
  struct iovec piece = {(void *)data, length};
  return write_pieces(fd, path, &piece, 1, offset, 0);
}

ssize_t write(int fd, const void *data, size_t n) {
  char path[PATH_MAX];
  return watched(fd, path) ? write_one(fd, path, data, n, -1) : syscall(SYS_write, fd, data, n);
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t offset) {
  char path[PATH_MAX];
  return watched(fd, path) ? write_one(fd, path, data, n, offset) : syscall(SYS_pwrite64, fd, data, n, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t offset) { return pwrite(fd, data, n, offset); }
ssize_t writev(int fd, const struct iovec *data, int n) {
  char path[PATH_MAX];
  return watched(fd, path) ? write_pieces(fd, path, data, n, -1, 0) : syscall(SYS_writev, fd, data, n);
}
ssize_t pwritev2(int fd, const struct iovec *data, int n, off_t offset, int flags) {
  char path[PATH_MAX];
  return watched(fd, path) ? write_pieces(fd, path, data, n, offset, flags)
                           : syscall(SYS_pwritev2, fd, data, n, offset, 0L, flags);
}
ssize_t pwritev64v2(int fd, const struct iovec *data, int n, off64_t offset, int flags) {
  return pwritev2(fd, data, n, offset, flags);
}
ssize_t pwritev(int fd, const struct iovec *data, int n, off_t offset) { return pwritev2(fd, data, n, offset, 0); }
ssize_t pwritev64(int fd, const struct iovec *data, int n, off64_t offset) { return pwritev2(fd, data, n, offset, 0); }

ssize_t sendfile(int out, int in, off_t *from, size_t n) {
  char path[PATH_MAX];
  if (!watched(out, path)) return syscall(SYS_sendfile, out, in, from, n);
  enum verdict verdict = begin('W', path);
  if (verdict == FAIL) return refuse();
  ssize_t result = syscall(SYS_sendfile, out, in, from, verdict == SHORT && n > 1 ? n / 2 : n);
  int error = errno;
  if (result > 0) note_copied(path, syscall(SYS_lseek, out, 0L, SEEK_CUR) - result, result);
  return finish(result, error);
}
ssize_t sendfile64(int out, int in, off64_t *from, size_t n) { return sendfile(out, in, from, n); }

ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t n, unsigned flags) {
  char path[PATH_MAX];
  if (!watched(out, path)) return syscall(SYS_copy_file_range, in, from, out, to, n, flags);
  enum verdict verdict = begin('W', path);
  if (verdict == FAIL) return refuse();
  if (verdict == SHORT && n > 1) n /= 2;
  ssize_t result = syscall(SYS_copy_file_range, in, from, out, to, n, flags);
  int error = errno;
  if (result > 0) note_copied(path, (to ? *to : syscall(SYS_lseek, out, 0L, SEEK_CUR)) - result, result);
  return finish(result, error);
}

/* An operation without data: count it, make the call, note it where it came about. */
#define DONE(op, path, offset, call) \
  if (begin(op, path) == FAIL) return refuse(); \
  int result = call, error = errno; \
  if (!result) note(op, path, offset); \
  return finish(result, error)

#define SYNC(name, number) \
  int name(int fd) { \
    char path[PATH_MAX]; \
    if (!watched(fd, path)) return syscall(number, fd); \
    DONE('S', path, 0, syscall(number, fd)); \
  }
SYNC(fsync, SYS_fsync)
SYNC(fdatasync, SYS_fdatasync)
int ftruncate(int fd, off_t size) {
  char path[PATH_MAX];
  if (!watched(fd, path)) return syscall(SYS_ftruncate, fd, size);
  DONE('T', path, size, syscall(SYS_ftruncate, fd, size));
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }
int truncate(const char *name, off_t size) {
  char path[PATH_MAX];
  if (!watched_name(AT_FDCWD, name, path)) return syscall(SYS_truncate, name, size);
  DONE('T', path, size, syscall(SYS_truncate, name, size));
}
int truncate64(const char *name, off64_t size) { return truncate(name, size); }
int fallocate(int fd, int mode, off_t offset, off_t size) { /* 'H', holes and the like, has no replay */
  char path[PATH_MAX];
  if (!watched(fd, path)) return syscall(SYS_fallocate, fd, mode, offset, size);
  DONE(mode ? 'H' : 'F', path, offset + size, syscall(SYS_fallocate, fd, mode, offset, size));
}
int fallocate64(int fd, int mode, off64_t offset, off64_t size) { return fallocate(fd, mode, offset, size); }
int posix_fallocate(int fd, off_t offset, off_t size) {
  int before = errno, error = fallocate(fd, 0, offset, size) ? errno : 0;
  errno = before;
  return error;
}
int posix_fallocate64(int fd, off64_t offset, off64_t size) { return posix_fallocate(fd, offset, size); }

/* ---- reading: counted on request only ---- */

#define READ(call) \
  char path[PATH_MAX]; \
  if (!self.reads || !watched(fd, path)) return call; \
  if (begin('r', path) == FAIL) return refuse(); \
  note('r', path, 0); \
  ssize_t result = call; \
  return finish(result, errno)
ssize_t read(int fd, void *out, size_t n) { READ(syscall(SYS_read, fd, out, n)); }
ssize_t pread(int fd, void *out, size_t n, off_t offset) { READ(syscall(SYS_pread64, fd, out, n, offset)); }
ssize_t pread64(int fd, void *out, size_t n, off64_t offset) { return pread(fd, out, n, offset); }

/* ---- sockets: counted on request only; what they carry is not recorded ---- */

/* The lock is not held over the call: one that waits for a worker must not stop the other threads. */
#define SOCKET(call) \
  if (!self.sockets || !watching()) return call; \
  if (begin('N', "socket") == FAIL) return refuse(); \
  note('N', "socket", 0); \
  finish(0, errno); \
  return call
ssize_t send(int fd, const void *data, size_t n, int flags) {
  SOCKET(syscall(SYS_sendto, fd, data, n, flags, NULL, 0));
}
ssize_t sendto(int fd, const void *data, size_t n, int flags, const struct sockaddr *to, socklen_t length) {
  SOCKET(syscall(SYS_sendto, fd, data, n, flags, to, length));
}
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) { SOCKET(syscall(SYS_sendmsg, fd, message, flags)); }
ssize_t recv(int fd, void *out, size_t n, int flags) { SOCKET(syscall(SYS_recvfrom, fd, out, n, flags, NULL, NULL)); }
ssize_t __recv_chk(int fd, void *out, size_t n, size_t room, int flags) { return n > room ? abort(), 0 : recv(fd, out, n, flags); }
ssize_t recvfrom(int fd, void *restrict out, size_t n, int flags, struct sockaddr *restrict from, socklen_t *restrict length) {
  SOCKET(syscall(SYS_recvfrom, fd, out, n, flags, from, length));
}
ssize_t recvmsg(int fd, struct msghdr *message, int flags) { SOCKET(syscall(SYS_recvmsg, fd, message, flags)); }

/* ---- names ---- */

int unlinkat(int at, const char *name, int flags) {
  char path[PATH_MAX], op = flags & AT_REMOVEDIR ? 'D' : 'U';
  if (!watched_name(at, name, path)) return syscall(SYS_unlinkat, at, name, flags);
  DONE(op, path, 0, syscall(SYS_unlinkat, at, name, flags));
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

/* What comes from outside is recorded as a new file with its content. */
static void note_arrival(char op, int leaves, const char *source, const char *target) {
  if (leaves) note_pair(op, source, target);
  else note('C', target, 0), note_copied(target, 0, INT64_MAX);
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
  char source[PATH_MAX], target[PATH_MAX];
  int leaves = watched_name(from_at, from, source), arrives = watched_name(to_at, to, target);
  if (!leaves && !arrives) return syscall(SYS_renameat2, from_at, from, to_at, to, flags);
  if (begin('R', leaves ? source : target) == FAIL) return refuse();
  int result = syscall(SYS_renameat2, from_at, from, to_at, to, flags), error = errno;
  if (!result && arrives) note_arrival('R', leaves, source, target);
  else if (!result) note('U', source, 0);
  return finish(result, error);
}
int renameat(int from_at, const char *from, int to_at, const char *to) { return renameat2(from_at, from, to_at, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
  char source[PATH_MAX], target[PATH_MAX];
  if (!watched_name(to_at, to, target)) return syscall(SYS_linkat, from_at, from, to_at, to, flags);
  int leaves = watched_name(from_at, from, source);
  if (begin('L', target) == FAIL) return refuse();
  int result = syscall(SYS_linkat, from_at, from, to_at, to, flags), error = errno;
  if (!result) note_arrival('L', leaves, source, target);
  return finish(result, error);
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int mkdirat(int at, const char *name, mode_t mode) {
  char path[PATH_MAX];
  if (!watched_name(at, name, path)) return syscall(SYS_mkdirat, at, name, mode);
  DONE('M', path, 0, syscall(SYS_mkdirat, at, name, mode));
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }
