#include "relayd/pairing/site_file.h"

namespace tsmtp::pairing {
namespace {

// All of it has been checked: no quote, backslash or control character is in a name, domain, address or pin.
std::string list(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "\"" : ", \"") + word + '"';
  return '[' + out + ']';
}

}  // namespace

std::string site_file(const NewSite& site, const Writing& writing) {
  std::string out =
      "# Written by " + writing.by + " at " + writing.when + ", for the hub that calls itself " + site.peer +
      ".\n# It may be edited; `relayctl reload` takes that into use. To part, remove the file and "
      "reload.\n[[site]]\nname    = \"" +
      site.name + "\"\npin     = [\"" + writing.pin + "\"]\n";
  if (!site.dial.empty()) out += "dial    = " + list(site.dial) + '\n';
  out += "address = \"" + writing.address + "\"\ndomains = " + list(site.domains) + '\n';
  if (site.local != writing.own_domains) out += "local   = " + list(site.local) + '\n';
  return out;
}

}  // namespace tsmtp::pairing
