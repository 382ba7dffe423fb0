/*
 * A disk that can fail, between a program and its C library: LD_PRELOAD puts it under the server.
 *
 * It provides three things: a journal from which `cut.rs` can revert unsynced changes, faults (a full
 * disk, I/O errors, a disk that lies about syncing) that the control file switches on and off, and
 * the power cut at a chosen operation. It knows nothing of SQLite except the suffixes of file
 * names. The model, and what it leaves out, is in docs/reliability.md; the layout of the control
 * file and of the journal is repeated in `disk.rs` and `journal.rs`.
 *
 * It makes system calls directly, so that it never calls itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The control file: 64-bit words, those up to LIES written by the harness, the rest by us. */
enum {
  CUT_AFTER,   /* the power goes at the operation that counts this down to 0; 0: never */
  CUT_WHERE,   /* 0 before it, 1 in the middle of it, 2 after it */
  SPACE_LIMIT, /* 0 none; 1 writes that make a file longer need space; 2 every write does */
  SPACE,       /* how many bytes are left */
  WRITE_ERRORS, /* so many of the next writes fail with EIO */
  SYNC_ERRORS,  /* so many of the next syncs fail with EIO */
  SYNC_ERRORS_OF, /* 0 of files whose name ends in -wal, 1 of others */
  LIES,         /* 1: syncing a file whose name ends in -wal does nothing and says that it did */
  WRITES, SYNCS, NO_SPACE, FAILED_WRITES, FAILED_SYNCS, SWALLOWED_SYNCS,
  UNMODELLED, /* changes by calls that this file does not understand: they must stay 0 */
  WORDS
};

/* The file of a descriptor; looked up once, at the first write. */
enum { UNKNOWN, FOREIGN, DURABLE, WAL, SHM, DIRECTORY };

enum kind { WRITE = 1, TRUNCATE, SYNCED, SYNC_FAILED, CREATED, UNLINKED, RENAMED, DIRECTORY_SYNCED };

struct record {
  uint64_t kind;
  uint64_t number; /* of SYNCED, SYNC_FAILED, DIRECTORY_SYNCED: the last operation it is about */
  uint64_t inode;
  uint64_t offset; /* of TRUNCATE: the new size */
  uint64_t length;
  uint64_t old_size;
  uint64_t payload; /* so many bytes follow: what stood there before, or two file names */
};

#define DESCRIPTORS 65536
#define INODES 256
#define GRAVE_MAX (PATH_MAX + 32)

static atomic_uchar classes[DESCRIPTORS];
static _Atomic int64_t *control;
static int journal = -1;
static char directory[PATH_MAX], graves[PATH_MAX];
static size_t directory_length;

/* Held over each change and its record, so that the journal has the order of the changes. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t last_number;
/* Files with unsynced changes; whether one has changes that can no longer be synced. */
static struct { uint64_t inode, number; } pending[INODES];
static size_t pendings;
static uint64_t pending_names;
static int doomed;

static int64_t get(int word) { return control ? atomic_load(&control[word]) : 0; }
static void count(int word) { if (control) atomic_fetch_add(&control[word], 1); }

/* Decrements a countdown word; returns whether it was above 0. */
static int take(int word) {
  int64_t left = get(word);
  while (left > 0)
    if (atomic_compare_exchange_weak(&control[word], &left, left - 1)) return 1;
  return 0;
}

static void die_of(const char *why) {
  dprintf(2, "disk.c: %s: %s\n", why, strerror(errno));
  _exit(97);
}

__attribute__((constructor)) static void begin(void) {
  const char *where = getenv("TORTURE_DIRECTORY"), *with = getenv("TORTURE_CONTROL");
  const char *into = getenv("TORTURE_JOURNAL"), *grave = getenv("TORTURE_GRAVES");
  if (!where || !with) return;
  if (!realpath(where, directory)) die_of("TORTURE_DIRECTORY");
  directory_length = strlen(directory);
  int file = (int)syscall(SYS_openat, AT_FDCWD, with, O_RDWR | O_CLOEXEC, 0);
  if (file < 0) die_of("TORTURE_CONTROL");
  void *words = (void *)syscall(SYS_mmap, 0, WORDS * 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (words == MAP_FAILED) die_of("TORTURE_CONTROL");
  syscall(SYS_close, file);
  if (into && grave) {
    if (!realpath(grave, graves)) die_of("TORTURE_GRAVES");
    journal = (int)syscall(SYS_openat, AT_FDCWD, into, O_RDWR | O_APPEND | O_CLOEXEC, 0);
    if (journal < 0) die_of("TORTURE_JOURNAL");
  }
  control = words;
}

static int ends_with(const char *text, const char *end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* Classifies a path below the directory; the path must be absolute. */
static int class_of_path(const char *path) {
  if (strncmp(path, directory, directory_length) != 0 || path[directory_length] != '/')
    return FOREIGN;
  return ends_with(path, "-shm") ? SHM : ends_with(path, "-wal") ? WAL : DURABLE;
}

static int class_of(int fd) {
  if (!control || fd < 0 || fd >= DESCRIPTORS) return FOREIGN;
  int class = atomic_load(&classes[fd]);
  if (class != UNKNOWN) return class;
  int saved = errno;
  struct stat about;
  char link[64], path[PATH_MAX];
  class = FOREIGN;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length;
  if (fstat(fd, &about) == 0 && (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode)) &&
      (length = syscall(SYS_readlink, link, path, sizeof path - 1)) > 0) {
    path[length] = 0;
    if (S_ISREG(about.st_mode)) class = class_of_path(path);
    else if (strcmp(path, directory) == 0) class = DIRECTORY;
  }
  atomic_store(&classes[fd], (unsigned char)class);
  errno = saved;
  return class;
}

static void forget(int fd) { if (fd >= 0 && fd < DESCRIPTORS) atomic_store(&classes[fd], UNKNOWN); }

static void power_off(void) {
  /* Stops even a thread that has already passed this lock. */
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

/* Counts an operation; returns where in it the power fails, or -1. */
static int cut_here(void) {
  if (!control || atomic_load(&control[CUT_AFTER]) <= 0) return -1;
  return atomic_fetch_sub(&control[CUT_AFTER], 1) == 1 ? (int)get(CUT_WHERE) : -1;
}

static void append(struct record *record, struct iovec *parts, int count) {
  struct iovec all[4] = {{record, sizeof *record}};
  record->payload = 0;
  for (int i = 0; i < count; i++) {
    all[i + 1] = parts[i];
    record->payload += parts[i].iov_len;
  }
  size_t whole = sizeof *record + record->payload;
  if (syscall(SYS_writev, journal, all, count + 1) != (ssize_t)whole) die_of("the journal");
}

static void mark_pending(uint64_t inode, uint64_t number) {
  for (size_t i = 0; i < pendings; i++)
    if (pending[i].inode == inode) { pending[i].number = number; return; }
  if (pendings == INODES) { errno = ENFILE; die_of("too many changed files"); }
  pending[pendings].inode = inode;
  pending[pendings++].number = number;
}

/* Truncates the journal, whose records are all obsolete, so that it stays short. */
static void trim(void) {
  if (pendings == 0 && pending_names == 0 && !doomed && syscall(SYS_ftruncate, journal, 0L) != 0)
    die_of("the journal");
}

static void settle(uint64_t inode, uint64_t through, int kind) {
  struct record record = {.kind = (uint64_t)kind, .number = through, .inode = inode};
  append(&record, NULL, 0);
  for (size_t i = 0; i < pendings; i++)
    if (pending[i].inode == inode && pending[i].number <= through) {
      pending[i] = pending[--pendings];
      if (kind == SYNC_FAILED) doomed = 1;
      break;
    }
  trim();
}

/* Records the bytes that a change of [offset, offset + length) will overwrite. */
static void note(int fd, int kind, uint64_t offset, uint64_t length) {
  if (journal < 0) return;
  struct stat about;
  if (fstat(fd, &about) != 0) die_of("fstat");
  uint64_t size = (uint64_t)about.st_size, end = offset + length;
  if (kind == TRUNCATE) end = size;
  if (end > size) end = size;
  uint64_t old = end > offset ? end - offset : 0;
  char *bytes = old ? malloc(old) : NULL;
  /* The descriptor may be open for writing only. */
  int from = fd;
  char link[64];
  if (old && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    from = (int)syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
  }
  for (uint64_t done = 0; done < old;) {
    ssize_t got = syscall(SYS_pread64, from, bytes + done, old - done, offset + done);
    if (got <= 0) die_of("reading what is to be overwritten");
    done += (uint64_t)got;
  }
  if (from != fd) syscall(SYS_close, from);
  struct record record = {(uint64_t)kind, ++last_number, about.st_ino, offset, length, size, 0};
  struct iovec part = {bytes, old};
  append(&record, &part, old ? 1 : 0);
  free(bytes);
  mark_pending(about.st_ino, record.number);
}

static void note_names(int kind, uint64_t inode, const char *one, const char *other) {
  if (journal < 0) return;
  struct record record = {.kind = (uint64_t)kind, .number = ++last_number, .inode = inode};
  struct iovec parts[2] = {{(void *)one, strlen(one) + 1}, {(void *)other, strlen(other) + 1}};
  append(&record, parts, 2);
  pending_names = record.number;
}

/* Reserves space for a write and returns how much there was. Called with the lock held. */
static size_t room(int fd, uint64_t offset, size_t length) {
  int64_t limit = get(SPACE_LIMIT);
  struct stat about;
  if (limit == 0 || fstat(fd, &about) != 0) return length;
  uint64_t size = (uint64_t)about.st_size;
  uint64_t kept = limit == 2 ? 0 : offset >= size ? 0 : size - offset < length ? size - offset : length;
  uint64_t left = (uint64_t)(get(SPACE) > 0 ? get(SPACE) : 0), needed = length - kept;
  uint64_t given = needed < left ? needed : left;
  atomic_fetch_sub(&control[SPACE], (int64_t)given);
  return (size_t)(kept + given);
}

/* Writes at an offset, or at the descriptor's position if `offset` is negative. */
static ssize_t do_write(int fd, const void *bytes, size_t length, int64_t offset) {
  int class = class_of(fd);
  if (class == FOREIGN || class == DIRECTORY)
    return offset < 0 ? syscall(SYS_write, fd, bytes, length)
                      : syscall(SYS_pwrite64, fd, bytes, length, offset);
  pthread_mutex_lock(&lock);
  count(WRITES);
  ssize_t written = -1;
  int error = 0;
  int64_t at = offset;
  if (at < 0 && (fcntl(fd, F_GETFL) & O_APPEND)) {
    struct stat about;
    at = fstat(fd, &about) == 0 ? about.st_size : 0;
  } else if (at < 0) {
    at = syscall(SYS_lseek, fd, 0L, SEEK_CUR);
  }
  size_t fits = room(fd, (uint64_t)at, length);
  int cut = class == SHM ? -1 : cut_here();
  if (take(WRITE_ERRORS)) {
    count(FAILED_WRITES);
    error = EIO;
    if (cut >= 0) power_off();
  } else if (fits == 0 && length > 0) {
    count(NO_SPACE);
    error = ENOSPC;
    if (cut >= 0) power_off();
  } else {
    if (class != SHM) {
      note(fd, WRITE, (uint64_t)at, fits);
      if (cut == 0) power_off();
      if (cut == 1) {
        syscall(SYS_pwrite64, fd, bytes, fits / 2, at);
        power_off();
      }
    }
    written = offset < 0 ? syscall(SYS_write, fd, bytes, fits)
                         : syscall(SYS_pwrite64, fd, bytes, fits, offset);
    error = errno;
    if (cut == 2) power_off();
  }
  pthread_mutex_unlock(&lock);
  if (written < 0) errno = error;
  return written;
}

static int do_truncate(int fd, int64_t size) {
  int class = class_of(fd);
  if (class == FOREIGN || class == SHM || class == DIRECTORY)
    return (int)syscall(SYS_ftruncate, fd, size);
  pthread_mutex_lock(&lock);
  count(WRITES);
  int done = -1, cut = cut_here(), error;
  if (take(WRITE_ERRORS)) {
    count(FAILED_WRITES);
    error = EIO;
  } else {
    note(fd, TRUNCATE, (uint64_t)size, 0);
    if (cut == 0) power_off();
    done = (int)syscall(SYS_ftruncate, fd, size);
    error = errno;
    if (cut > 0) power_off();
  }
  pthread_mutex_unlock(&lock);
  if (done < 0) errno = error;
  return done;
}

static int do_sync(int fd, long call) {
  int class = class_of(fd);
  if (class == FOREIGN || class == SHM) return (int)syscall(call, fd);
  struct stat about;
  if (fstat(fd, &about) != 0) return -1;
  pthread_mutex_lock(&lock);
  count(SYNCS);
  int cut = cut_here();
  uint64_t through = last_number;
  if (class == WAL && get(LIES)) {
    count(SWALLOWED_SYNCS);
    pthread_mutex_unlock(&lock);
    return 0;
  }
  if ((class == WAL) == (get(SYNC_ERRORS_OF) == 0) && class != DIRECTORY && take(SYNC_ERRORS)) {
    /* As on Linux: the kernel drops the data, and the next sync succeeds. The data may never be on
     * the disk. */
    count(FAILED_SYNCS);
    if (journal >= 0) settle(about.st_ino, through, SYNC_FAILED);
    pthread_mutex_unlock(&lock);
    errno = EIO;
    return -1;
  }
  if (cut == 0) power_off();
  pthread_mutex_unlock(&lock);
  int done = (int)syscall(call, fd);
  int error = errno;
  pthread_mutex_lock(&lock);
  if (cut > 0) power_off();
  if (done == 0 && journal >= 0) {
    if (class == DIRECTORY) {
      struct record record = {.kind = DIRECTORY_SYNCED, .number = through};
      append(&record, NULL, 0);
      if (pending_names <= through) pending_names = 0;
      trim();
    } else {
      settle(about.st_ino, through, SYNCED);
    }
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

/* Returns the absolute form of a path whose folder exists. */
static int resolve(int at, const char *path, char *absolute) {
  char parent[PATH_MAX], real[PATH_MAX];
  if (at != AT_FDCWD && path[0] != '/') {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d/", at);
    snprintf(parent, sizeof parent, "%s%s", link, path);
  } else if (strlen(path) < sizeof parent) {
    strcpy(parent, path);
  } else return 0;
  char *slash = strrchr(parent, '/'), *name = slash ? slash + 1 : parent;
  char base[NAME_MAX + 1];
  if (strlen(name) > NAME_MAX) return 0;
  strcpy(base, name);
  if (slash) slash[slash == parent] = 0;
  if (!realpath(slash ? parent : ".", real)) return 0;
  return snprintf(absolute, PATH_MAX, "%s/%s", real, base) < PATH_MAX;
}

static int is_durable_path(int at, const char *path, char *absolute) {
  int saved = errno, durable = 0;
  if (control && resolve(at, path, absolute)) {
    int class = class_of_path(absolute);
    durable = class == DURABLE || class == WAL;
  }
  errno = saved;
  return durable;
}

static int do_open(int at, const char *path, int flags, mode_t mode) {
  char absolute[PATH_MAX];
  int changes = flags & (O_CREAT | O_TRUNC);
  if (!control || !changes || !is_durable_path(at, path, absolute)) {
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    forget(fd);
    return fd;
  }
  pthread_mutex_lock(&lock);
  int was_there = syscall(SYS_faccessat, at, path, F_OK) == 0;
  int fd = (int)syscall(SYS_openat, at, path, flags & ~O_TRUNC, mode), error = errno;
  struct stat about;
  forget(fd);
  if (fd >= 0 && !was_there && fstat(fd, &about) == 0)
    note_names(CREATED, about.st_ino, absolute, "");
  pthread_mutex_unlock(&lock);
  if (fd >= 0 && was_there && (flags & O_TRUNC)) do_truncate(fd, 0);
  if (fd < 0) errno = error;
  return fd;
}

/* Links the file at a path to a second name, so that it can be restored. */
static void bury(const char *path, char *grave) {
  snprintf(grave, GRAVE_MAX, "%s/%llu", graves, (unsigned long long)last_number + 1);
  if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, grave, 0) != 0) grave[0] = 0;
}

static int do_unlink(int at, const char *path, int flags) {
  char absolute[PATH_MAX], grave[GRAVE_MAX] = "";
  struct stat about;
  if (journal < 0 || (flags & AT_REMOVEDIR) || !is_durable_path(at, path, absolute) ||
      stat(absolute, &about) != 0)
    return (int)syscall(SYS_unlinkat, at, path, flags);
  pthread_mutex_lock(&lock);
  int cut = cut_here();
  if (cut == 0) power_off();
  bury(absolute, grave);
  note_names(UNLINKED, about.st_ino, absolute, grave);
  int done = (int)syscall(SYS_unlinkat, at, path, flags), error = errno;
  if (cut > 0) power_off();
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

static int do_rename(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
  char one[PATH_MAX], other[PATH_MAX], grave[GRAVE_MAX] = "";
  struct stat about;
  int ours = control && (is_durable_path(from_at, from, one) | is_durable_path(to_at, to, other));
  if (!ours || journal < 0)
    return (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
  if (flags != 0 || !is_durable_path(from_at, from, one) || !is_durable_path(to_at, to, other))
    count(UNMODELLED);
  pthread_mutex_lock(&lock);
  if (stat(other, &about) == 0) {
    bury(other, grave);
    note_names(UNLINKED, about.st_ino, other, grave);
  }
  if (stat(one, &about) == 0) note_names(RENAMED, about.st_ino, one, other);
  int done = (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags), error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

/* A call with effects that are not modelled: no program here is known to use it. */
static void unmodelled(int fd) {
  int class = class_of(fd);
  if (class == DURABLE || class == WAL) count(UNMODELLED);
}

/* The intercepted functions. */

static mode_t mode_of(int flags, va_list more) {
  return (flags & (O_CREAT | O_TMPFILE)) ? (mode_t)va_arg(more, unsigned) : 0;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = mode_of(flags, more); \
    va_end(more); \
    return do_open(AT_FDCWD, path, flags, mode); \
  }
#define OPENAT(name) \
  int name(int at, const char *path, int flags, ...) { \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = mode_of(flags, more); \
    va_end(more); \
    return do_open(at, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
int creat(const char *path, mode_t mode) {
  return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
int creat64(const char *path, mode_t mode) { return creat(path, mode); }
int close(int fd) { forget(fd); return (int)syscall(SYS_close, fd); }
int dup2(int fd, int other) { forget(other); return (int)syscall(SYS_dup2, fd, other); }
int dup3(int fd, int other, int flags) { forget(other); return (int)syscall(SYS_dup3, fd, other, flags); }

ssize_t write(int fd, const void *bytes, size_t length) { return do_write(fd, bytes, length, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return do_write(fd, bytes, length, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) { return do_write(fd, bytes, length, at); }
int ftruncate(int fd, off_t size) { return do_truncate(fd, size); }
int ftruncate64(int fd, off64_t size) { return do_truncate(fd, size); }
int fsync(int fd) { return do_sync(fd, SYS_fsync); }
int fdatasync(int fd) { return do_sync(fd, SYS_fdatasync); }
int unlink(const char *path) { return do_unlink(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return do_unlink(at, path, flags); }
int rename(const char *from, const char *to) { return do_rename(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return do_rename(from_at, from, to_at, to, 0); }
int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) { return do_rename(from_at, from, to_at, to, flags); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
  unmodelled(fd);
  return syscall(SYS_writev, fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  unmodelled(fd);
  return syscall(SYS_pwritev, fd, parts, count, at, 0L);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return pwritev(fd, parts, count, at); }
int fallocate(int fd, int mode, off_t at, off_t length) {
  unmodelled(fd);
  return (int)syscall(SYS_fallocate, fd, mode, at, length);
}
int fallocate64(int fd, int mode, off64_t at, off64_t length) { return fallocate(fd, mode, at, length); }
int posix_fallocate(int fd, off_t at, off_t length) { return fallocate(fd, 0, at, length) == 0 ? 0 : errno; }
int posix_fallocate64(int fd, off64_t at, off64_t length) { return posix_fallocate(fd, at, length); }
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned flags) {
  unmodelled(to);
  return syscall(SYS_copy_file_range, from, from_at, to, to_at, length, flags);
}
ssize_t sendfile(int to, int from, off_t *at, size_t length) {
  unmodelled(to);
  return syscall(SYS_sendfile, to, from, at, length);
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t length) { return sendfile(to, from, at, length); }
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t at) {
  if (fd >= 0 && (flags & MAP_SHARED) && (protection & PROT_WRITE)) unmodelled(fd);
  return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, at);
}
void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t at) {
  return mmap64(address, length, protection, flags, fd, at);
}
