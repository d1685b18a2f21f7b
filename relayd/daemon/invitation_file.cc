#include "relayd/daemon/invitation_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "relayd/daemon/new_file.h"

namespace tsmtp::daemon {
namespace {

// The most invitations, each with the most domains, have less.
constexpr std::size_t kMaxBookBytes = std::size_t{8} * 1024 * 1024;

std::string path_in(const std::string& dir) {
  return dir + "/invitations";
}

}  // namespace

pairing::Invitations load_invitations(const std::string& dir, base::Logger& log) {
  const std::string path = path_in(dir);
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    if (errno != ENOENT)
      log.log(base::LogLevel::kError, path + ": cannot be read: " + std::strerror(errno) +
                                          "; the invitations that are out are of no use");
    return {};
  }
  std::string text(kMaxBookBytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  // A longer file is no book of ours, and fails here: its last line is cut off.
  auto read = pairing::Invitations::from_text(text);
  if (read) return std::move(*read);
  const std::string aside = path + ".bad";
  std::rename(path.c_str(), aside.c_str());
  log.log(base::LogLevel::kError, path + ": " + read.error().message + "; it is put aside as " + aside +
                                      ", and the invitations that were out are of no use");
  return {};
}

base::Result<void> save_invitations(const std::string& dir, const pairing::Invitations& all) {
  return replace_file(path_in(dir), all.to_text(), 0600);
}

}  // namespace tsmtp::daemon
