/* Preloaded by lab_slow_disk.sh: a disk whose fsync takes SLOW_DISK_MS (50) more than it does. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int slow(const char *name, int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	const char *text = getenv("SLOW_DISK_MS");
	long ms = text ? atol(text) : 50;
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
	return real(fd);
}

int fdatasync(int fd);
int fsync(int fd);

int fdatasync(int fd)
{
	return slow("fdatasync", fd);
}

int fsync(int fd)
{
	return slow("fsync", fd);
}
