#include "relayd/base/system_cause.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace tsmtp::base {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int kLastError = 133;  // EHWPOISON, of Linux

TEST(SystemCause, SaysWhatToDo) {
  EXPECT_EQ(system_cause(ENOSPC), "No space left on device (make room there)");
  EXPECT_EQ(system_cause(ENOENT), "No such file or directory") << "whether it should be there, others know";
}

// Of every error, also those that come from nowhere: words, and no number, name of a macro or pointer.
TEST(SystemCause, OfEveryError) {
  for (int error = 1; error <= kLastError; ++error) {
    if (error == 41 || error == 58) continue;  // EWOULDBLOCK and EDEADLOCK of other machines: no errors
    const std::string text = system_cause(error);
    EXPECT_THAT(text, Not(HasSubstr("Unknown error"))) << error;
    EXPECT_THAT(text, Not(HasSubstr("0x"))) << error;
    if (!remedy_of(error).empty()) {
      EXPECT_THAT(text, EndsWith(")")) << error;
    }
  }
}

// What can befall files, descriptors, threads and addresses here, each with a remedy.
TEST(SystemCause, WhatCanBeMendedHasARemedy) {
  for (const int error :
       {EACCES, EADDRINUSE,   EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EDQUOT, EFBIG,   EIO,   EISDIR, ELOOP,
        EMFILE, ENAMETOOLONG, ENFILE,        ENOBUFS,      ENOMEM, ENOSPC, ENOTDIR, EPERM, EROFS,  ESTALE})
    EXPECT_THAT(remedy_of(error), Not(IsEmpty())) << error;
}

}  // namespace
}  // namespace tsmtp::base
