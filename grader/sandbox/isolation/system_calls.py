"""The numbers of system calls, and which of them no solution needs, by what they would do.

Each has two numbers: on x86-64, and on 64-bit Arm; `None` where that machine has no such call. They are those of the
kernel's `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`.
"""

from __future__ import annotations

Numbers = tuple[int | None, int | None]

# the last call that was looked at, of Linux 6.19; later ones are unknown to a child, as they are to an older kernel
NEWEST = 470

REFUSED: dict[str, dict[str, Numbers]] = {
    "owner, mode, times and attributes of files": {
        "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
        "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
        "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
        "fsetxattr": (190, 7), "setxattrat": (463, 463), "removexattr": (197, 14), "lremovexattr": (198, 15),
        "fremovexattr": (199, 16), "removexattrat": (466, 466), "file_setattr": (469, 469),
    },
    "files by other ways than a path, devices, watching what others do with files, and keeping removed ones": {
        "truncate": (76, 45), "mknod": (133, None), "mknodat": (259, 33), "name_to_handle_at": (303, 264),
        "open_by_handle_at": (304, 265), "lookup_dcookie": (212, 18), "quotactl": (179, 60), "quotactl_fd": (443, 443),
        "inotify_init": (253, None), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27),
        "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "memfd_create": (319, 279),
        "memfd_secret": (447, 447), "sync": (162, 81), "syncfs": (306, 267), "uselib": (134, None),
        "ustat": (136, None), "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445),
        "landlock_restrict_self": (446, 446),
    },
    "mounts and namespaces": {
        "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
        "open_tree_attr": (467, 467), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
        "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "statmount": (457, 457),
        "listmount": (458, 458), "listns": (470, 470), "unshare": (272, 97), "setns": (308, 268), "sysfs": (139, None),
    },
    "sockets": {
        "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    },
    "shared memory, semaphores and queues of messages, which outlive a process": {
        "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197), "semget": (64, 190),
        "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186), "msgsnd": (69, 189),
        "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
        "mq_timedsend": (242, 182), "mq_timedreceive": (243, 183), "mq_notify": (244, 184),
        "mq_getsetattr": (245, 185),
    },
    "other processes": {
        "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281), "setpgid": (109, 154),
        "setsid": (112, 157), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
        "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "ptrace": (101, 117),
        "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "process_madvise": (440, 440),
        "process_mrelease": (448, 448), "kcmp": (312, 272), "setpriority": (141, 140), "ioprio_set": (251, 30),
    },
    "users and their keys": {
        "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
        "setresuid": (117, 147), "setresgid": (119, 149), "setfsuid": (122, 151), "setfsgid": (123, 152),
        "setgroups": (116, 159), "capset": (126, 91), "personality": (135, 92), "add_key": (248, 217),
        "request_key": (249, 218), "keyctl": (250, 219), "lsm_set_self_attr": (460, 460),
    },
    "the machine: clocks, names, modules, swap": {
        "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171), "settimeofday": (164, 170),
        "sethostname": (170, 161), "setdomainname": (171, 162), "syslog": (103, 116), "acct": (163, 89),
        "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "init_module": (175, 105),
        "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
        "kexec_file_load": (320, 294), "vhangup": (153, 58), "nfsservctl": (180, 42), "_sysctl": (156, None),
        "modify_ldt": (154, None), "iopl": (172, None), "ioperm": (173, None),
    },
    "wide parts of the kernel": {
        "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
        "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_setup": (206, 0),
    },
}  # fmt: skip

# what these do depends on their arguments, or on the device; `seccomp` decides
DECIDED: dict[str, Numbers] = {
    "bind": (49, 200), "clone": (56, 220), "clone3": (435, 435), "fallocate": (285, 47), "fcntl": (72, 25),
    "get_robust_list": (274, 100), "ioctl": (16, 29), "kill": (62, 129), "listen": (50, 201),
    "migrate_pages": (256, 238), "move_pages": (279, 239), "open": (2, None),
    "openat": (257, 56), "openat2": (437, 437), "prctl": (157, 167), "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122), "sched_setattr": (314, 274), "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119), "seccomp": (317, 277), "sendfile": (40, 71), "sendto": (44, 206),
    "setrlimit": (160, 164), "setsockopt": (54, 208), "socket": (41, 198), "socketpair": (53, 199), "splice": (275, 76),
    "tgkill": (234, 131), "timer_create": (222, 107),
}  # fmt: skip
