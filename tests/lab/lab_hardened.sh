#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the build makes of the compiler's protections, read off the program itself, and that a user's own flags still have the
# last word; and what systemd thinks of the unit.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2317
. "$(dirname "$0")/lib.sh"
read -r -a make <<<"${MAKE:-make} --no-print-directory -C $LAB_TOP"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

read_elf() { LC_ALL=C readelf -W "$@" >"$work/elf" 2>&1; }
elf_has() { grep -qE -- "$1" "$work/elf" || { cat "$work/elf"; false; }; }

# --- the program ------------------------------------------------------------------------------------------------------------

read_elf -hldn --dyn-syms "$USHER"
check "the program is position-independent" elf_has 'FLAGS_1.*\bPIE\b'
check "its symbols are bound before it starts" elf_has 'FLAGS_1.*\bNOW\b'
check "and their table is read-only from then on" elf_has '^ *GNU_RELRO '
check "its stack is no place for code" elf_has '^ *GNU_STACK .* RW +0x'
refute "no segment can be written and run" elf_has '^ *[A-Z_]+ +0x.* RWE '
check "code is in a segment without data" elf_has '^ *LOAD +0x0+ .* R +0x'
refute "it looks for libraries in no folder of its own" elf_has '\((RPATH|RUNPATH)\)'
refute "its code is not relocated" elf_has '\(TEXTREL\)'
check "stacks have canaries" elf_has ' __stack_chk_fail\b'
if [ -n "${SANITIZE:-}" ]; then
	skip "fortified calls: not with a sanitizer, which has checks of its own"
else
	check "copies are checked against their room" elf_has ' __memcpy_chk\b'
	check "and what is printed" elf_has ' __snprintf_chk\b'
fi

# Each object of ours is marked for control-flow protection. The program is only where the C library's own first object is.
not_marked() { find "$B/obj" -name '*.o' -exec readelf -nW {} + | awk -v mark="$1" '/^File:/ { if (f && !ok) print f; f = $2; ok = 0 }
	index($0, mark) { ok = 1 } END { if (f && !ok) print f }'; }
all_marked() { not_marked "$1" >"$work/not" && [ ! -s "$work/not" ] || { cat "$work/not"; false; }; }
case $(${CC:-cc} -dumpmachine) in
x86_64*) check "indirect jumps and returns are guarded in every object" all_marked 'IBT, SHSTK' ;;
aarch64*) check "indirect jumps and returns are guarded in every object" all_marked 'BTI, PAC' ;;
*) skip "control-flow protection: not for this architecture" ;;
esac

# --- others' flags ----------------------------------------------------------------------------------------------------------

one=$work/obj/guest/accel.o
compile() {
	rm -rf "$work/obj"
	env -u MAKEFLAGS -u SANITIZE "${make[@]}" B="$work" "$@" "$one" >"$work/said" 2>&1 || { cat "$work/said"; return 1; }
	! grep -i warning "$work/said" && read_elf -s "$one"
}
check "without optimisation it compiles, and nothing warns" compile CFLAGS=-O0
refute "and nothing is fortified there" elf_has '__s[a-z]*printf_chk'
check "who wants no canaries gets none" compile CFLAGS='-O2 -fno-stack-protector'
refute "indeed" elf_has '__stack_chk_fail'
check "nor fortified calls" compile CFLAGS='-O2 -U_FORTIFY_SOURCE'
refute "indeed" elf_has '__s[a-z]*printf_chk'
cat >"$work/cc" <<'END'
#!/bin/sh
case " $* " in *" -ftrivial-auto-var-init=zero "*) echo "unknown option" >&2; exit 1 ;; esac
exec cc "$@"
END
chmod 755 "$work/cc"
check "a compiler that knows only some of the flags gets those" compile CC="$work/cc"
check "canaries among them" elf_has '__stack_chk_fail'

# --- the unit ---------------------------------------------------------------------------------------------------------------

if command -v systemd-analyze >/dev/null; then
	exposure() { systemd-analyze security --offline=true --no-pager --threshold=20 "$LAB_TOP/contrib/usher.service"; }
	check "systemd finds the unit's exposure 2.0 at most" exposure
else
	skip "the unit's exposure: there is no systemd-analyze"
fi
lab_end
