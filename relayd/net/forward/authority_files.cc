#include "relayd/net/forward/authority_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "relayd/base/descriptor.h"
#include "relayd/base/system_cause.h"
#include "relayd/forward/x11/authority_file.h"
#include "relayd/net/io/replace_file.h"
#include "relayd/net/io/with_rights_of.h"

namespace tsmtp::net {
namespace {

constexpr std::size_t kMaxAuthorityFileBytes = std::size_t{1} << 20;

std::string name_of_this_host() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

base::Error unreadable(const std::string& path, const std::string& why) {
  return base::Error{path + ": the display's cookie cannot be read: " + why};
}

base::Result<std::string> bytes_of_file(const std::string& path) {
  // A pipe without a writer is not waited for.
  const base::Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status {};
  if (!file.is_open() || fstat(file.get(), &status) != 0) return unreadable(path, base::system_cause(errno));
  if (!S_ISREG(status.st_mode)) return unreadable(path, "it is no regular file");
  std::string text(kMaxAuthorityFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path, base::system_cause(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxAuthorityFileBytes) return unreadable(path, "it is larger than 1 MiB");
  text.resize(size);
  return {boost::system::in_place_value, std::move(text)};
}

}  // namespace

base::Result<forward::x11::Authorization> display_authorization(const settings::Service& service) {
  using forward::x11::Authorization;
  if (service.xauthority.empty()) return Authorization{};
  const auto text = bytes_of_file(service.xauthority);
  if (!text) return text.error();
  const auto entries = forward::x11::parse_authority(*text);
  if (!entries) return unreadable(service.xauthority, "the file " + entries.error().message);
  const auto display = forward::x11::display_at(service.to, name_of_this_host());
  auto found = display ? forward::x11::cookie_for(*display, *entries) : std::nullopt;
  if (!found)
    return unreadable(service.xauthority, "it has none for " + service.to.to_string() + "; see xauth(1)");
  return std::move(*found);
}

base::Result<void> AuthorityFile::keep(const settings::Forward& forward, std::string_view cookie) {
  if (forward == written_for_ && cookie == cookie_) return {};
  if (forward.xauthority != written_for_.xauthority || cookie.empty()) remove();
  const std::string& path = forward.xauthority;
  if (path.empty() || cookie.empty()) return {};
  if (cookie.size() != forward::x11::kCookieBytes)
    return base::Error{path + ": not written: the far hub tells no cookie; is the service a display?"};
  // As root we would follow whatever link somebody puts in our way.
  if (geteuid() == 0 && !is_named_by_root(path))
    return base::Error{path + ": not written as root: others than root can change what the name stands for"};
  const auto entries = forward::x11::entries_for(forward.listen, name_of_this_host(), cookie);
  FileReaders readers{.user = {}, .group = forward.access.socket_group};
  if (!forward.access.allow_users.empty()) readers.user = forward.access.allow_users.front().uid;
  if (auto ok = replace_file(path, forward::x11::encode(entries), readers); !ok) return ok;
  written_for_ = forward;
  cookie_ = cookie;
  return {};
}

void AuthorityFile::remove() {
  if (!cookie_.empty()) (void)unlink(written_for_.xauthority.c_str());
  cookie_.clear();
  written_for_ = {};
}

}  // namespace tsmtp::net
