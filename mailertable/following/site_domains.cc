#include "mailertable/following/site_domains.h"

#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string_view>

#include "mailertable/files/input.h"
#include "mailertable/output/text_writer.h"
#include "mailertable/programs/run_program.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

constexpr mode_t kReadableByRelayd = 0644;

using Patterns = std::set<std::string>;

Outcome<Patterns> read_patterns(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) return Patterns();
  const auto text = read_input(path);
  if (!text) return text.error();
  Patterns patterns;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.front() != '#') patterns.insert(line);
  }
  return patterns;
}

Outcome<void> write_patterns(const std::string& path, const Patterns& patterns) {
  std::string text = "# Made by `mailertable generate --ldap`; change the directory instead.\n";
  for (const std::string& pattern : patterns)
    text += pattern + '\n';
  return replace_text(path, text, kReadableByRelayd);
}

}  // namespace

std::string SiteDomains::path_of(const std::string& site) const {
  return directory_ + '/' + site + ".domains";
}

Outcome<void> SiteDomains::reload() {
  if (relayctl_.empty() || is_read_) return {};
  const auto ran = run_program({relayctl_, "reload"}, "");
  if (!ran) return ran.error();
  // A relayd that does not run takes no mail, and reads the files when it starts.
  is_read_ = ran->status == EX_OK || ran->status == EX_UNAVAILABLE;
  if (is_read_) return {};
  return Failure{EX_TEMPFAIL,
                 relayctl_ + " reload: relayd has not taken the sites' domains: " +
                     base::escaped(std::string_view(ran->errors).substr(0, ran->errors.find('\n')), 400),
                 false};
}

Outcome<SiteDomains::Domains> SiteDomains::wanted(const Routes& routes, const Sites& sites) const {
  Domains wanted = routes.domains;
  if (directory_.empty()) return wanted;
  std::set<std::string_view> held;
  for (const RouteLine& line : routes.lines) {
    if (line.origin.dn.empty()) held.insert(line.key);
  }
  for (const Site& site : sites.all) {
    const auto patterns = read_patterns(path_of(site.name));
    if (!patterns) return patterns.error();
    if (patterns->empty()) continue;
    base::DomainSet& domains = wanted[site.name];
    for (const std::string& pattern : *patterns) {
      // What else is wrong with the file ends with its being written anew.
      if (held.contains(pattern)) (void)domains.add(pattern);
    }
  }
  return wanted;
}

Outcome<void> SiteDomains::widen(const Domains& domains, bool& is_changed) {
  if (directory_.empty()) return {};
  for (const auto& [site, set] : domains) {
    auto patterns = read_patterns(path_of(site));
    if (!patterns) return patterns.error();
    const std::size_t before = patterns->size();
    patterns->insert(set.patterns().begin(), set.patterns().end());
    if (patterns->size() == before) continue;
    is_read_ = false;
    is_changed = true;
    if (auto written = write_patterns(path_of(site), *patterns); !written) return written;
  }
  return reload();
}

Outcome<void> SiteDomains::settle(const Domains& domains, bool& is_changed) {
  if (directory_.empty()) return {};
  for (const auto& [site, set] : domains) {
    auto patterns = read_patterns(path_of(site));
    if (!patterns) return patterns.error();
    const Patterns wanted(set.patterns().begin(), set.patterns().end());
    if (*patterns == wanted) continue;
    is_read_ = false;
    is_changed = true;
    if (auto written = write_patterns(path_of(site), wanted); !written) return written;
  }
  return reload();
}

}  // namespace tsmtp::mailertable
