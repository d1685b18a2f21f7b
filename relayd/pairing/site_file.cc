#include "relayd/pairing/site_file.h"

#include "relayd/base/quoted_list.h"

namespace tsmtp::pairing {

// All of it has been checked: no quote, backslash or control character is in a name, domain, address or pin.
std::string site_file(const NewSite& site, const Writing& writing) {
  std::string out =
      "# Written by " + writing.by + " at " + writing.when + ", for the hub that calls itself " + site.peer +
      ".\n# It may be edited; `relayctl reload` takes that into use. To part, remove the file and "
      "reload.\n[[site]]\nname    = \"" +
      site.name + "\"\npin     = [\"" + writing.pin + "\"]\n";
  if (!site.dial.empty()) out += "dial    = " + base::quoted_list(site.dial) + '\n';
  out += "address = \"" + writing.address + "\"\ndomains = " + base::quoted_list(site.domains) + '\n';
  if (site.local != writing.own_domains) out += "local   = " + base::quoted_list(site.local) + '\n';
  return out;
}

}  // namespace tsmtp::pairing
