// What all content passes by is compiled twice: for the vector instructions that nearly every processor has
// by now, and for those that every one has. Which it is to be is found out when the program starts.
#pragma once

// Sanitizers are not ready yet when that choice is made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define TSMTP_VECTORISED __attribute__((target_clones("avx2", "default")))
#else
#define TSMTP_VECTORISED
#endif
