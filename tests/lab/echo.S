/*
 * What a guest boots for lab_console: a network boot program of a few bytes. It says READY on the serial console, and then what it
 * is typed; after an `s` it prints without end.
 *
 *	as --32 echo.S -o echo.o && ld -m elf_i386 -Ttext 0x7c00 --oformat binary echo.o -o echo
 */
	.code16
	.globl _start
_start:
	xor %ax, %ax
	mov %ax, %ds
	mov $18, %cx		/* a second of SeaBIOS's timer: what it has not printed yet */
4:	sti
	hlt
	loop 4b
	cli
	movw $tick, 0x20	/* and no more of it: it takes what is typed for a keyboard's */
	mov %ax, 0x22
	mov $ready, %si
1:	lodsb
	test %al, %al
	jz wait
	call put
	jmp 1b

wait:	mov $0x3fd, %dx		/* line status */
	in %dx, %al
	test $1, %al
	jnz take
	sti
	hlt			/* to the timer's next tick: 55 ms */
	jmp wait
take:	mov $0x3f8, %dx
	in %dx, %al
	call put
	cmp $'s', %al
	jne wait
storm:	mov $'x', %al
	mov $70, %cx
2:	call put
	loop 2b
	mov $'\n', %al
	call put
	jmp storm

tick:	push %ax
	mov $0x20, %al
	out %al, $0x20
	pop %ax
	iret

put:	push %ax
	mov $0x3fd, %dx
3:	in %dx, %al
	test $0x20, %al
	jz 3b
	pop %ax
	mov $0x3f8, %dx
	out %al, %dx
	ret

ready:	.asciz "READY\r\n"
