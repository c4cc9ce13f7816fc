/* banned.h: calls that do not compile here, because each has a safe sibling. Every header of common/ includes
 * it, so no source escapes. The habit is git's. */
#ifndef KSUPERVISE_COMMON_BANNED_H
#define KSUPERVISE_COMMON_BANNED_H

/* The headers that declare them come first, or the poison would hit the declarations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BANNED(call, instead) call##_is_banned_use_##instead

#undef strcpy
#define strcpy(to, from) BANNED(strcpy, snprintf)
#undef strcat
#define strcat(to, from) BANNED(strcat, snprintf)
#undef strncpy
#define strncpy(to, from, n) BANNED(strncpy, snprintf)
#undef strncat
#define strncat(to, from, n) BANNED(strncat, snprintf)
#undef sprintf
#define sprintf(...) BANNED(sprintf, snprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf, vsnprintf)
#undef gets
#define gets(s) BANNED(gets, getline)
#undef strtok
#define strtok(s, d) BANNED(strtok, strsep)
#undef atoi
#define atoi(s) BANNED(atoi, strtoll)
#undef atol
#define atol(s) BANNED(atol, strtoll)
#undef atof
#define atof(s) BANNED(atof, strtod)
#undef gmtime
#define gmtime(t) BANNED(gmtime, gmtime_r)
#undef localtime
#define localtime(t) BANNED(localtime, localtime_r)
#undef ctime
#define ctime(t) BANNED(ctime, strftime)
#undef asctime
#define asctime(t) BANNED(asctime, strftime)
#undef vfork
#define vfork() BANNED(vfork, fork)

#endif
