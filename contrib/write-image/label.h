/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written into a system that uses SELinux needs a label, which no running SELinux gives it here. */
#ifndef USHER_CONTRIB_WRITE_IMAGE_LABEL_H
#define USHER_CONTRIB_WRITE_IMAGE_LABEL_H

/* The label of its folder, as SELinux gives it to new files where no rule says otherwise. 0, also where the folder has none; or
 * -errno. */
int label_as_folder(const char *path);

#endif
