#include "relayd/diagnosis/host/root.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "relayd/base/descriptor.h"
#include "relayd/diagnosis/hub/places.h"

namespace tsmtp::diagnosis {
namespace {

constexpr std::size_t kMostBytesOfText = std::size_t{8} << 20;

FileFact::Kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileFact::Kind::kFile;
  if (S_ISDIR(mode)) return FileFact::Kind::kDirectory;
  return S_ISSOCK(mode) ? FileFact::Kind::kSocket : FileFact::Kind::kOther;
}

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(':', begin), line.size());
    fields.emplace_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return fields;
}

/// The line of passwd(5) whose field at `index` is `value`.
std::optional<UserFact> user_in(const std::string& passwd, std::size_t index, const std::string& value) {
  std::optional<UserFact> found;
  for_lines(passwd, [&](std::string_view line, int) {
    const std::vector<std::string> fields = fields_of(line);
    if (found || fields.size() < 4 || fields[index] != value) return;
    UserFact user{.name = fields[0]};
    std::from_chars(fields[2].data(), fields[2].data() + fields[2].size(), user.uid);
    found = user;
  });
  return found;
}

}  // namespace

std::string Root::shown(std::string text) const {
  if (prefix_.empty()) return text;
  for (std::size_t at = text.find(prefix_); at != text.npos; at = text.find(prefix_, at))
    text.erase(at, prefix_.size());
  return text;
}

FileFact Root::look(const std::string& path) const {
  struct stat status {};
  FileFact fact;
  if (::stat(real(path).c_str(), &status) != 0) return fact;
  constexpr unsigned kPermissions = 07777;
  fact.kind = kind_of(status.st_mode);
  fact.mode = status.st_mode & kPermissions;
  fact.uid = status.st_uid;
  fact.owner = name_of(status.st_uid);
  fact.changed = status.st_mtim.tv_sec;
  return fact;
}

std::optional<std::string> Root::read(const std::string& path) const {
  const base::Descriptor file(::open(real(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  std::string text;
  std::array<char, 65536> piece{};
  // What /proc has says that it is empty.
  while (text.size() <= kMostBytesOfText) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return std::nullopt;
}

std::vector<std::string> Root::list(const std::string& path) const {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator one(real(path), error), end; !error && one != end;
       one.increment(error))
    names.push_back(one->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string Root::link(const std::string& path) const {
  std::error_code error;
  return std::filesystem::read_symlink(real(path), error).string();
}

std::optional<UserFact> Root::user_called(const std::string& name) const {
  if (!is_this_host()) return user_in(read("/etc/passwd").value_or(""), 0, name);
  const passwd* const found = ::getpwnam(name.c_str());
  if (found == nullptr) return std::nullopt;
  return UserFact{.name = found->pw_name, .uid = found->pw_uid};
}

std::string Root::name_of(std::uint32_t uid) const {
  if (!is_this_host()) {
    const auto found = user_in(read("/etc/passwd").value_or(""), 2, std::to_string(uid));
    return found ? found->name : std::to_string(uid);
  }
  const passwd* const found = ::getpwuid(uid);
  return found == nullptr ? std::to_string(uid) : found->pw_name;
}

}  // namespace tsmtp::diagnosis
