#include "mailertable/output/generated.h"

#include "mailertable/output/text_layout.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

std::string heading(const Sites& sites, const std::string& command) {
  return "# Made by `mailertable " + command + " --relayd " + base::escaped(sites.file) +
         "`; change it there.\n";
}

}  // namespace

std::string generated_table(const Sites& sites) {
  std::string text = heading(sites, "generate");
  for (const Site& site : sites.all) {
    if (site.hosts.empty()) continue;
    text += "\n# " + base::escaped(site.name) + '\n';
    for (const std::string& pattern : site.domains.patterns())
      text += pattern + '\t' + site.route() + '\n';
  }
  return laid_out(text);
}

std::string generated_hosts(const Sites& sites) {
  std::string text = heading(sites, "hosts");
  for (const Site& site : sites.all) {
    if (!site.hosts.empty()) text += site.hosts.front() + '\t' + base::ascii_lower(site.name) + ".tsmtp\n";
  }
  return text;
}

}  // namespace tsmtp::mailertable
