#include "relayd/base/system_cause.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace tsmtp::base {
namespace {

struct Row {
  int error;
  std::string_view remedy;
};

// Errors of a peer (refused, timed out, reset) are in docs/operations.md, "Causes of a link that is down".
constexpr std::array<Row, 24> kRemedies{{
    {EACCES, "the user that it runs as must be let: owner, mode, or ReadWritePaths= of its unit"},
    {EADDRINUSE, "is another relayd running, or another program on this port?"},
    {EADDRNOTAVAIL, "this host does not have that address"},
    {EAFNOSUPPORT, "this host has that kind of address switched off: IPv6?"},
    {EAGAIN, "there are too many of them: raise TasksMax= or ulimit -u"},
    {EDQUOT, "raise the quota, or make room there"},
    {EFBIG, "a file may not be that large: raise ulimit -f"},
    {EIO, "the disk or file system fails: the kernel's log says more"},
    {EISDIR, "a directory is in its place: move it away"},
    {ELOOP, "symbolic links lead in a circle, or one stands where none may"},
    {EMFILE, "raise LimitNOFILE= or ulimit -n"},
    {EMLINK, "too many names in that directory"},
    {ENAMETOOLONG, "take a shorter path"},
    {ENFILE, "the whole machine is out of file descriptors: raise fs.file-max, or find who has them"},
    {ENOBUFS, "the machine is short of memory"},
    {ENODEV, "the device that it is on is gone"},
    {ENOEXEC, "it is no program of this machine's"},
    {ENOMEM, "memory is short: raise MemoryMax= or ulimit -v, or give the machine more"},
    {ENOSPC, "make room there"},
    {ENOSYS, "this kernel does not have it"},
    {ENOTDIR, "a file stands where a directory should"},
    {EPERM, "the user that it runs as must be let: owner, mode, or its unit"},
    {EROFS, "mount it writable, or name it in ReadWritePaths= of its unit"},
    {ESTALE, "the network file system that it is on has lost it: mount it anew"},
}};

}  // namespace

std::string_view remedy_of(int error) {
  const auto* const row = std::find_if(kRemedies.begin(), kRemedies.end(),
                                       [error](const Row& known) { return known.error == error; });
  return row == kRemedies.end() ? std::string_view{} : row->remedy;
}

std::string system_cause(int error) {
  std::string out = std::strerror(error);
  if (const auto remedy = remedy_of(error); !remedy.empty()) out.append(" (").append(remedy) += ')';
  return out;
}

}  // namespace tsmtp::base
