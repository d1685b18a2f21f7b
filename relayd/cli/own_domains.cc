#include "relayd/cli/own_domains.h"

#include <algorithm>
#include <fstream>

#include "relayd/base/bytes.h"
#include "relayd/base/domain.h"
#include "relayd/cli/own_address.h"

namespace tsmtp::cli {
namespace {

bool is_qualified(std::string_view name) {
  return name.find('.') != name.npos && base::check_domain(name);
}

}  // namespace

std::vector<std::string> with_names_below(const std::vector<std::string>& domains) {
  std::vector<std::string> out;
  for (const std::string& domain : domains)
    for (const std::string& one : {domain, '.' + domain})
      if (!one.starts_with("..") && std::find(out.begin(), out.end(), one) == out.end()) out.push_back(one);
  return out;
}

std::string own_domain(std::string_view mailname, std::string_view qualified_host) {
  const std::string host = base::ascii_lower(qualified_host);
  std::string mail = base::ascii_lower(mailname.substr(0, mailname.find_first_of(" \t\r\n")));
  if (mail != host && is_qualified(mail)) return mail;
  if (!is_qualified(host)) return {};
  const std::string parent = host.substr(host.find('.') + 1);
  return is_qualified(parent) ? parent : host;
}

std::string own_domain_of_this_host() {
  std::ifstream in("/etc/mailname");
  std::string mailname;
  std::getline(in, mailname);
  return own_domain(mailname, qualified_host_name());
}

}  // namespace tsmtp::cli
