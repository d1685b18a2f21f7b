#include "mailertable/directory/access.h"

#include <fcntl.h>
#include <ldap.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

struct FreeUrl {
  void operator()(LDAPURLDesc* url) const { ::ldap_free_urldesc(url); }
};

bool is_this_machine(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

base::Result<void> settle_url(Access& access, std::string& url) {
  const std::string shown = base::escaped(url, 200);
  LDAPURLDesc* parsed = nullptr;
  if (::ldap_url_parse(url.c_str(), &parsed) != LDAP_URL_SUCCESS)
    return base::Error{shown + " is no LDAP URL; write ldaps://ldap.example"};
  const std::unique_ptr<LDAPURLDesc, FreeUrl> owned(parsed);
  const std::string_view scheme = parsed->lud_scheme;
  const std::string host = parsed->lud_host == nullptr ? "" : parsed->lud_host;
  if (scheme != "ldap" && scheme != "ldaps" && scheme != "ldapi")
    return base::Error{shown + ": only ldaps://, ldap:// and ldapi:// are known"};
  if (scheme == "ldap" && !access.start_tls && !access.clear_text && !is_this_machine(host))
    return base::Error{shown +
                       " would be asked in clear, and could be answered by anybody, who then decides where "
                       "mail goes; use ldaps://, --start-tls, or say --clear-text"};
  if (parsed->lud_attrs != nullptr || parsed->lud_filter != nullptr || parsed->lud_exts != nullptr)
    return base::Error{shown + ": nothing but a host, a port and a base may stand in it; say --filter"};
  if (parsed->lud_dn != nullptr && *parsed->lud_dn != '\0') {
    if (!access.base.empty() && access.base != parsed->lud_dn)
      return base::Error{shown + " has another base than " + base::escaped(access.base, 200)};
    access.base = parsed->lud_dn;
    // libldap takes what is left of it.
    url.erase(url.find('/', url.find("://") + 3));
  }
  return {};
}

}  // namespace

base::Result<void> settle(Access& access) {
  if (access.urls.empty()) return base::Error{"no directory is named; say --ldap ldaps://ldap.example"};
  for (std::string& url : access.urls) {
    if (auto done = settle_url(access, url); !done) return done;
  }
  if (access.base.empty())
    return base::Error{"say with --base below which DN the entries are, such as ou=mail,dc=example"};
  if (access.sasl_external && (!access.bind_dn.empty() || !access.password_file.empty()))
    return base::Error{
        "with --sasl-external the server knows who asks; leave --bind and --password-file out"};
  if (access.bind_dn.empty() != access.password_file.empty())
    return base::Error{"--bind and --password-file go together"};
  if (access.certificate_file.empty() != access.key_file.empty())
    return base::Error{"--certificate and --key go together"};
  return {};
}

base::Result<std::string> read_password(const Access& access) {
  const std::string& path = access.password_file;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return base::Error{"cannot read " + path + ": " + std::strerror(errno)};
  struct stat status {};
  std::array<char, 1024> bytes{};
  const bool is_known = ::fstat(fd, &status) == 0;
  const ssize_t got = ::read(fd, bytes.data(), bytes.size());
  ::close(fd);
  if (!is_known || got < 0) return base::Error{"cannot read " + path};
  if ((status.st_mode & 0077U) != 0) return base::Error{path + " can be read by others; chmod 600 " + path};
  std::string password(bytes.data(), static_cast<std::size_t>(got));
  password.erase(std::min(password.find_first_of("\r\n"), password.size()));
  // A server takes a name without a password for nobody, and says yes (RFC 4513 section 5.1.2).
  if (password.empty()) return base::Error{path + " holds no password"};
  return base::Result<std::string>(boost::system::in_place_value, std::move(password));
}

}  // namespace tsmtp::mailertable
