// Preloaded into a process, it makes a volume hang: calls about paths below the directory HANGING wait as long as the
// file HANGING.hangs exists. A server of NFS that is gone looks the same to the process. While HANGING.syncs exists, only
// writing a file to the disk waits.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void wait_for(const char *path, const char *reason) {
    const char *directory = getenv("HANGING");
    char flag[4096];
    if (directory == NULL || path == NULL || strncmp(path, directory, strlen(directory)) != 0) {
        return;
    }
    snprintf(flag, sizeof flag, "%s.%s", directory, reason);
    while (syscall(SYS_faccessat, AT_FDCWD, flag, F_OK) == 0) {
        usleep(10000);
    }
}

static void wait_for_volume(const char *path) {
    wait_for(path, "hangs");
}

static int open_after_wait(const char *path, int flags, mode_t mode) {
    wait_for_volume(path);
    return (int) syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

#define OPEN(name)                              \
    int name(const char *path, int flags, ...) { \
        va_list arguments;                      \
        va_start(arguments, flags);             \
        mode_t mode = va_arg(arguments, mode_t); \
        va_end(arguments);                      \
        return open_after_wait(path, flags, mode); \
    }

OPEN(open)
OPEN(open64)

int statx(int directory, const char *restrict path, int flags, unsigned mask, struct statx *restrict found) {
    wait_for_volume(path);
    return (int) syscall(SYS_statx, directory, path, flags, mask, found);
}

ssize_t readlink(const char *restrict path, char *restrict target, size_t length) {
    wait_for_volume(path);
    return syscall(SYS_readlinkat, AT_FDCWD, path, target, length);
}

DIR *opendir(const char *path) {
    DIR *(*next)(const char *) = (DIR * (*)(const char *)) dlsym(RTLD_NEXT, "opendir");
    wait_for_volume(path);
    return next(path);
}

int inotify_add_watch(int watches, const char *path, uint32_t mask) {
    wait_for_volume(path);
    return (int) syscall(SYS_inotify_add_watch, watches, path, mask);
}

int fsync(int file) {
    char link[64];
    char path[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    if (syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1) > 0) {
        wait_for(path, "syncs");
    }
    return (int) syscall(SYS_fsync, file);
}
