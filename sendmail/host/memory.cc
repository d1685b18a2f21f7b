#include "sendmail/host/memory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <utility>

#include "mailertable/files/replacement.h"
#include "sendmail/host/file_changes.h"

namespace tsmtp::sendmail {
namespace {

using mailertable::Outcome;
using mailertable::system_failure;

constexpr const char* kState = "/state";
constexpr const char* kLock = "/lock";

Outcome<void> write_own(const std::string& path, std::string_view content) {
  mailertable::Replacement target{path};
  target.new_mode = 0600;
  target.infix = "tsmtp-";
  return mailertable::replace_file(target, [&](const mailertable::TemporaryFile& file) -> Outcome<void> {
    if (::write(file.fd(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
      return system_failure(EX_IOERR, "cannot write " + file.path(), errno);
    return {};
  });
}

}  // namespace

std::string Memory::place_of(const std::string& path) const {
  std::string name = path;
  std::replace(name.begin(), name.end(), '/', '%');
  return directory_ + "/before" + name;
}

Outcome<Memory> Memory::read(std::string directory) {
  Memory memory(std::move(directory));
  const auto state = content_of(memory.directory_ + kState);
  if (!state) return state.error();
  std::istringstream lines(state->value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string word = line.substr(0, blank);
    const std::string value = line.substr(std::min(blank + 1, line.size()));
    if (word == "on") memory.is_on = true;
    if (word == "finished") memory.is_finished = true;
    if (word == "leaving") memory.is_leaving = true;
    if (word == "may-start") memory.may_start = true;
    if (word == "only") memory.only.push_back(value);
    if (word == "absent") memory.absent_.insert(value);
    if (word == "absent" || word == "before") memory.paths.insert(value);
  }
  return memory;
}

Outcome<base::Descriptor> Memory::lock(const std::function<void()>& waits) {
  if (::mkdir(directory_.c_str(), 0755) != 0 && errno != EEXIST)
    return system_failure(EX_CANTCREAT, "cannot make " + directory_, errno);
  base::Descriptor held(::open((directory_ + kLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  bool is_locked = held.is_open() && ::flock(held.get(), LOCK_EX | LOCK_NB) == 0;
  if (!is_locked && held.is_open() && errno == EWOULDBLOCK) {
    waits();
    is_locked = ::flock(held.get(), LOCK_EX) == 0;
  }
  if (!is_locked) return system_failure(EX_CANTCREAT, "cannot lock " + directory_ + kLock, errno);
  return held;
}

Outcome<void> Memory::keep(const std::string& path) {
  if (paths.contains(path)) return {};
  const auto content = content_of(path);
  if (!content) return content.error();
  if (*content) {
    if (auto done = write_own(place_of(path), **content); !done) return done;
  } else {
    absent_.insert(path);
  }
  paths.insert(path);
  return {};
}

Memory::Kept Memory::kept(const std::string& path) const {
  if (absent_.contains(path)) return {true, std::nullopt};
  if (!paths.contains(path)) return {};
  auto content = content_of(place_of(path));
  if (!content || !*content) return {};
  return {true, **std::move(content)};
}

void Memory::remove_leftovers() const {
  std::set<std::string> known{directory_ + kState, directory_ + kLock, directory_ + kServices};
  for (const std::string& path : paths) {
    sendmail::remove_leftovers(path);
    known.insert(place_of(path));
  }
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored)) {
    if (!known.contains(entry.path().string())) ::unlink(entry.path().c_str());
  }
}

void Memory::be_off() {
  is_on = false;
  is_finished = true;
  is_leaving = false;
  may_start = false;
  only.clear();
}

Outcome<void> Memory::forget() {
  std::vector<std::string> places;
  for (const std::string& path : paths)
    places.push_back(place_of(path));
  absent_.clear();
  paths.clear();
  // First the state forgets the copies, then they are removed: a run may be cut in between.
  auto done = save();
  if (!done && (is_on || ::unlink((directory_ + kState).c_str()) != 0)) return done;
  for (const std::string& place : places)
    ::unlink(place.c_str());
  return {};
}

Outcome<void> Memory::save() {
  std::string text;
  if (is_on) text += "on\n";
  if (is_finished) text += "finished\n";
  if (is_leaving) text += "leaving\n";
  if (may_start) text += "may-start\n";
  for (const std::string& address : only)
    text += "only " + address + '\n';
  for (const std::string& path : paths)
    text += (absent_.contains(path) ? "absent " : "before ") + path + '\n';
  return write_own(directory_ + kState, text);
}

}  // namespace tsmtp::sendmail
