#include "relayd/daemon/proxy_passwords.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "relayd/base/descriptor.h"
#include "relayd/daemon/privileges.h"

namespace tsmtp::daemon {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
}

base::Error cannot_be_read(const std::string& path, int error) {
  std::string message = path + ": cannot be read: " + std::strerror(error);
  if (error == EACCES)
    if (const passwd* const us = getpwuid(geteuid()))
      message += std::string("; relayd runs as ") + us->pw_name + ": chown " + us->pw_name + ' ' + path;
  return base::Error{message};
}

base::Result<void> check_permissions(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return base::Error{path + ": is no regular file"};
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return base::Error{path + ": the password can be read by others; chmod 0600 " + path};
  if (status.st_uid != 0 && status.st_uid != geteuid())
    return base::Error{path + ": belongs to user " + std::to_string(status.st_uid) +
                       "; it must belong to root or to the user relayd runs as (hub.user)"};
  return {};
}

base::Result<std::string> read_password(const std::string& path) {
  const base::Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status {};
  if (!file.is_open() || fstat(file.get(), &status) != 0) return cannot_be_read(path, errno);
  if (auto ok = check_permissions(path, status); !ok) return ok.error();
  std::array<char, settings::kMaxProxyUserBytes + 3> bytes{};  // a line end, and one too many
  const ssize_t there = read(file.get(), bytes.data(), bytes.size());
  if (there < 0) return cannot_be_read(path, errno);
  std::string password(bytes.data(), static_cast<std::size_t>(there));
  if (password.ends_with('\n')) password.pop_back();
  if (password.ends_with('\r')) password.pop_back();
  if (password.empty() || password.size() > settings::kMaxProxyUserBytes ||
      std::any_of(password.begin(), password.end(), is_control))
    return base::Error{path + ": one line of 1 to 255 bytes was expected, the password"};
  return base::Result<std::string>(boost::system::in_place_value, std::move(password));
}

}  // namespace

base::Result<void> read_proxy_passwords(settings::Config& config) {
  const auto owner = owner_of(config.hub.user);
  if (!owner) return owner.error();
  for (settings::Site& site : config.sites) {
    if (!site.link.proxy || site.link.proxy_password_file.empty()) continue;
    std::optional<net::WithRightsOf> rights;
    if (*owner) rights.emplace((*owner)->uid, (*owner)->gid);
    auto password = read_password(site.link.proxy_password_file);
    if (!password)
      return base::with_context("site " + site.name + ": dial_through_password", password.error());
    site.link.proxy->password = std::move(*password);
  }
  return {};
}

}  // namespace tsmtp::daemon
