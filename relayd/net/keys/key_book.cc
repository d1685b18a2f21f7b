#include "relayd/net/keys/key_book.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "relayd/base/descriptor.h"
#include "relayd/base/system_cause.h"
#include "relayd/net/io/replace_file.h"

namespace tsmtp::net {
namespace {

constexpr std::size_t kMaxBookBytes = 64UL * 1024 * 1024;

}  // namespace

base::Result<KeyBook> KeyBook::open(const std::string& path) {
  KeyBook out(path);
  const base::Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) return base::Result<KeyBook>(std::move(out));
  if (!file.is_open()) return base::Error{path + ": cannot be opened: " + base::system_cause(errno)};
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t bytes = ::read(file.get(), buffer.data(), buffer.size());
    if (bytes < 0) return base::Error{path + ": cannot be read: " + base::system_cause(errno)};
    if (bytes == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(bytes));
    if (text.size() > kMaxBookBytes) return base::Error{path + ": is too large for a book of keys"};
  }
  auto book = keys::Book::parse(text);
  if (!book)
    return base::Error{path + ':' + book.error().message +
                       "; it holds which keys are revoked: take the file from a backup, or mend the line. "
                       "Without the file, keys that were revoked are good again"};
  out.book_ = std::move(*book);
  return base::Result<KeyBook>(std::move(out));
}

void KeyBook::take(keys::Book changed) {
  book_ = std::move(changed);
  is_written_ = false;
}

base::Result<void> KeyBook::write() {
  if (is_written_) return {};
  if (auto ok = replace_file(path_, book_.text()); !ok) return ok;
  is_written_ = true;
  return {};
}

}  // namespace tsmtp::net
