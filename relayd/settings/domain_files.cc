#include "relayd/settings/domain_files.h"

#include <algorithm>
#include <string_view>

namespace tsmtp::settings {
namespace {

void add_domains(std::string_view text, const std::string& path, base::DomainSet& domains,
                 base::Diagnostics& out) {
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view domain = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (domain.empty() || domain.front() == '#') continue;
    if (const auto added = domains.add(domain); !added)
      out.error({.file = path, .line = line, .column = 1}, added.error().message);
  }
}

void read_domains(Site& site, const Places& places, const std::string& main_file, ReadText read_text,
                  base::Diagnostics& out) {
  const bool is_listed = places.keys.contains("domains");
  if (!places.keys.contains("domains_file")) {
    if (!is_listed)
      out.error(
          places.header,
          "missing key \"domains\" in [[site]]: the domains behind the site; or \"domains_file\", a file "
          "that has them");
    return;
  }
  if (is_listed)
    return out.error(
        places.of("domains_file"),
        "domains_file: the site has \"domains\" too; its domains stand in one of the two places");
  std::string path = site.rules.domains_file;
  if (path.empty() || read_text == nullptr) return;
  if (path.front() != '/') path.insert(0, main_file, 0, main_file.rfind('/') + 1);
  if (const auto text = read_text(path, out)) add_domains(*text, path, site.rules.domains, out);
}

}  // namespace

void read_domain_files(Config& config, const ConfigPlaces& places, ReadText read_text,
                       base::Diagnostics& out) {
  for (std::size_t i = 0; i < config.sites.size(); ++i)
    read_domains(config.sites[i], places.sites[i], config.file, read_text, out);
}

}  // namespace tsmtp::settings
