// A disk that fails: an LD_PRELOAD library between the server and libc. `fault.rs` compiles it and turns it on.
//
// It sees the files below ADMX_FAULT_DIR that end in .db, .db-wal or .db-journal; not -shm, which is memory and is made
// anew after a crash. ADMX_FAULT_CONTROL is a file that is mapped, so that a test changes the fault of a running server.
//
// Of every file it keeps what each write since the last successful sync replaced. A power cut puts some of that back,
// sector by sector, newest first: every sector ends as any of the versions it had since the sync, as on a disk that
// writes in whatever order it likes; and so does the file's length. Bytes that were synced are never touched. It leaves
// out what a directory forgets (names that were made, moved or removed without a sync of their folder) and what other
// processes write: no command may write to the folder from a power cut's beginning on.
#define _GNU_SOURCE
#include <dlfcn.h>
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
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
#define DESCRIPTORS 4096

enum { PASS, DISK_FULL, DISK_BROKEN, SOME_FAIL, POWER_CUT, CHECKPOINT_CUT };

// The control file. `fault.rs` writes the first three and reads the last two.
struct control {
  volatile uint64_t mode;
  volatile uint64_t count; // SOME_FAIL: one in so many fails; POWER_CUT: writes until then; CHECKPOINT_CUT: those to .db files
  volatile uint64_t seed;
  volatile uint64_t writes;   // seen
  volatile uint64_t injected; // writes and syncs that failed, sectors that a power cut put back
};

// What a write or a truncation replaced. `length` bytes from `offset` are as they were, or were past the file's end.
struct undo {
  struct undo *before;
  off_t offset, old_length, new_length;
  size_t length, saved;
  unsigned char old[];
};

struct file {
  struct file *next;
  dev_t device;
  ino_t inode;
  int fd; // our own, never closed: closing it would drop the server's locks, and the inode could be given anew
  struct undo *newest;
  int is_database; // rather than what stands beside one
};

static struct control *control;
static char folder[PATH_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file *files;
static struct file *volatile by_fd[DESCRIPTORS];

#define REAL(result, name, ...)                                                                                        \
  static result (*real_##name)(__VA_ARGS__);                                                                           \
  static void find_##name(void) {                                                                                      \
    if (!real_##name) real_##name = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name);                                   \
  }
REAL(ssize_t, write, int, const void *, size_t)
REAL(ssize_t, pwrite64, int, const void *, size_t, off_t)
REAL(int, fsync, int)
REAL(int, fdatasync, int)
REAL(int, ftruncate64, int, off_t)
REAL(int, close, int)
REAL(int, open64, const char *, int, ...)
REAL(int, openat64, int, const char *, int, ...)

__attribute__((constructor)) static void begin(void) {
  find_write(), find_pwrite64(), find_fsync(), find_fdatasync(), find_ftruncate64();
  find_close(), find_open64(), find_openat64();
  const char *below = getenv("ADMX_FAULT_DIR"), *path = getenv("ADMX_FAULT_CONTROL");
  if (!below || !path || !realpath(below, folder)) return;
  int fd = real_open64(path, O_RDWR | O_CLOEXEC);
  void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) {
    fprintf(stderr, "fault: %s can't be mapped\n", path);
    _exit(70);
  }
  real_close(fd);
  control = mapped;
}

static uint64_t draw(void) { // xorshift64*
  static uint64_t seed, state;
  if (control->seed != seed || !state) seed = control->seed, state = seed * 2654435761u + 0x9e3779b97f4a7c15u;
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return (state * 0x2545f4914f6cdd1du) >> 16;
}

static void *reserve(size_t bytes) {
  void *memory = calloc(1, bytes);
  if (!memory) _exit(70);
  return memory;
}

// -- Which descriptors are ours ----------------------------------------------------------------------------------------

static int ends_in(const char *path, const char *end) {
  size_t length = strlen(path), tail = strlen(end);
  return length > tail && !strcmp(path + length - tail, end);
}

static int is_ours(const char *path) {
  size_t below = strlen(folder);
  if (strncmp(path, folder, below) || path[below] != '/') return 0;
  return ends_in(path, ".db") || ends_in(path, ".db-wal") || ends_in(path, ".db-journal");
}

static struct file *file_of(int fd, const char *link, const char *path) {
  struct stat is;
  if (fstat(fd, &is) || !S_ISREG(is.st_mode)) return NULL;
  for (struct file *file = files; file; file = file->next)
    if (file->device == is.st_dev && file->inode == is.st_ino) return file;
  int own = real_open64(link, O_RDWR | O_CLOEXEC);
  if (own < 0) return NULL;
  struct file *file = reserve(sizeof *file);
  *file = (struct file){.next = files, .device = is.st_dev, .inode = is.st_ino, .fd = own};
  file->is_database = ends_in(path, ".db");
  return files = file;
}

static int opened(int fd) {
  if (!control || fd < 0 || fd >= DESCRIPTORS) return fd;
  int was = errno;
  char link[32], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  path[length < 0 ? 0 : length] = 0;
  pthread_mutex_lock(&lock);
  by_fd[fd] = is_ours(path) ? file_of(fd, link, path) : NULL;
  pthread_mutex_unlock(&lock);
  errno = was;
  return fd;
}

static struct file *ours(int fd) { return control && fd >= 0 && fd < DESCRIPTORS ? by_fd[fd] : NULL; }

#define MODE(flags, mode)                                                                                              \
  mode_t mode = 0;                                                                                                     \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                                             \
    va_list rest;                                                                                                      \
    va_start(rest, flags);                                                                                             \
    mode = va_arg(rest, mode_t);                                                                                       \
    va_end(rest);                                                                                                      \
  }

int open64(const char *path, int flags, ...) {
  MODE(flags, mode)
  find_open64();
  return opened(real_open64(path, flags, mode));
}

int open(const char *path, int flags, ...) {
  MODE(flags, mode)
  find_open64();
  return opened(real_open64(path, flags, mode));
}

int openat64(int at, const char *path, int flags, ...) {
  MODE(flags, mode)
  find_openat64();
  return opened(real_openat64(at, path, flags, mode));
}

int openat(int at, const char *path, int flags, ...) {
  MODE(flags, mode)
  find_openat64();
  return opened(real_openat64(at, path, flags, mode));
}

int close(int fd) {
  find_close();
  if (ours(fd)) by_fd[fd] = NULL;
  return real_close(fd);
}

// -- What isn't synced yet ---------------------------------------------------------------------------------------------

static off_t length_of(int fd) {
  struct stat is;
  return fstat(fd, &is) ? 0 : is.st_size;
}

// Keeps what stands in `length` bytes from `offset`, before it is replaced.
static void remember(struct file *file, off_t offset, size_t length, off_t new_length) {
  off_t old_length = length_of(file->fd);
  size_t there = offset >= old_length ? 0 : (size_t)(old_length - offset);
  struct undo *undo = reserve(sizeof *undo + length);
  *undo = (struct undo){file->newest, offset, old_length, new_length, length, there < length ? there : length};
  for (size_t got = 0; got < undo->saved;) {
    ssize_t part = pread(file->fd, undo->old + got, undo->saved - got, offset + (off_t)got);
    if (part <= 0) _exit(70);
    got += (size_t)part;
  }
  file->newest = undo;
}

static void forget(struct file *file) {
  while (file->newest) {
    struct undo *before = file->newest->before;
    free(file->newest);
    file->newest = before;
  }
}

// Puts back some of what isn't synced. `keep` of four times a sector's newest version has made it to the disk.
static void put_back(struct file *file, unsigned keep) {
  off_t end = length_of(file->fd), length = end;
  for (struct undo *undo = file->newest; undo; undo = undo->before) {
    off_t to = undo->offset + (off_t)undo->length;
    if (to > end) end = to;
  }
  char *is_settled = reserve((size_t)(end / SECTOR) + 1);
  int length_is_settled = 0;
  for (struct undo *undo = file->newest; undo; undo = undo->before) {
    for (size_t from = 0; from < undo->length;) {
      off_t at = undo->offset + (off_t)from;
      size_t part = SECTOR - (size_t)(at % SECTOR);
      if (part > undo->length - from) part = undo->length - from;
      char *settled = &is_settled[at / SECTOR];
      if (!*settled && draw() % 4 < keep) *settled = 1;
      if (!*settled) {
        // What was past the end of the file then is zero, and beyond the length that is settled below it is gone.
        if (real_pwrite64(file->fd, undo->old + from, part, at) != (ssize_t)part) _exit(70);
        control->injected++;
      }
      from += part;
    }
    if (undo->old_length != undo->new_length && !length_is_settled) {
      length_is_settled = draw() % 4 < keep;
      if (!length_is_settled) length = undo->old_length;
    }
  }
  if (real_ftruncate64(file->fd, length)) _exit(70);
}

static void cut_the_power(void) {
  for (struct file *file = files; file; file = file->next)
    if (file->newest) put_back(file, (unsigned)(draw() % 5));
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

// -- What fails --------------------------------------------------------------------------------------------------------

static int chosen(int error) {
  control->injected++;
  return error;
}

// The error that a write or a sync meets, or 0. The lock is held.
static int fault(int is_write) {
  if (is_write) control->writes++;
  switch (control->mode) {
  case DISK_FULL:
    return is_write ? chosen(ENOSPC) : 0;
  case DISK_BROKEN:
    return chosen(EIO);
  case SOME_FAIL:
    return control->count && draw() % control->count == 0 ? chosen(EIO) : 0;
  default:
    return 0;
  }
}

static void written(const struct file *file) {
  int counts = control->mode == POWER_CUT || (control->mode == CHECKPOINT_CUT && file->is_database);
  if (counts && (control->count == 0 || --control->count == 0)) cut_the_power();
}

static ssize_t write_at(struct file *file, int fd, const void *bytes, size_t length, off_t at, int moves) {
  pthread_mutex_lock(&lock);
  int error = fault(1);
  // Half of the writes that fail have written a part.
  if (error && control->mode == SOME_FAIL && draw() % 2) length = draw() % (length + 1);
  else if (error) length = 0;
  ssize_t result = 0;
  if (length) {
    off_t end = at + (off_t)length, old = length_of(file->fd);
    remember(file, at, length, end > old ? end : old);
    result = moves ? real_write(fd, bytes, length) : real_pwrite64(fd, bytes, length, at);
  }
  int was = errno;
  if (!error) written(file);
  pthread_mutex_unlock(&lock);
  errno = error ? error : was;
  return error ? -1 : result;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
  struct file *file = ours(fd);
  find_pwrite64();
  return file ? write_at(file, fd, bytes, length, at, 0) : real_pwrite64(fd, bytes, length, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

ssize_t write(int fd, const void *bytes, size_t length) {
  struct file *file = ours(fd);
  find_write();
  if (!file) return real_write(fd, bytes, length);
  int appends = fcntl(fd, F_GETFL) & O_APPEND;
  return write_at(file, fd, bytes, length, appends ? length_of(fd) : lseek(fd, 0, SEEK_CUR), 1);
}

int ftruncate64(int fd, off_t length) {
  struct file *file = ours(fd);
  find_ftruncate64();
  if (!file) return real_ftruncate64(fd, length);
  pthread_mutex_lock(&lock);
  off_t old = length_of(fd);
  // A full disk has room for a shorter file, and for the hole of a longer one.
  int error = control->mode == DISK_FULL ? 0 : fault(1), result = -1, was = error;
  if (!error) {
    remember(file, length, length < old ? (size_t)(old - length) : 0, length);
    result = real_ftruncate64(fd, length);
    was = errno;
    written(file);
  }
  pthread_mutex_unlock(&lock);
  errno = was;
  return result;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int sync_with(int (*real)(int), int fd) {
  struct file *file = ours(fd);
  if (!file) return real(fd);
  pthread_mutex_lock(&lock);
  int error = fault(0);
  int result = error ? -1 : real(fd), was = error ? error : errno;
  if (!result) forget(file);
  pthread_mutex_unlock(&lock);
  errno = was;
  return result;
}

int fsync(int fd) {
  find_fsync();
  return sync_with(real_fsync, fd);
}

int fdatasync(int fd) {
  find_fdatasync();
  return sync_with(real_fdatasync, fd);
}
