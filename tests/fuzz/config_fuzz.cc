// relayd.toml, and arguments of --set, written by anybody: either a whole configuration or errors, never
// both. Steps: o an override; anything else: the file.
#include <string>
#include <vector>

#include "relayd/settings/reader.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

void check(const settings::Config& config) {
  must(!config.hub.name.empty(), "a hub has a name");
  for (const settings::Site& site : config.sites) {
    must(!site.name.empty() && !site.hubs.empty() && !site.endpoints.empty(), "a site has what it needs");
    for (const settings::SiteHub& hub : site.hubs)
      must(!hub.name.empty() && !hub.pins.empty(), "a hub has what it needs");
    for (const std::string& pin : site.pins())
      must(pin.size() == 32, "a pin is 32 bytes");
    must(site.rules.max_message_bytes > 0, "a mail may have some bytes");
  }
}

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  std::string text;
  std::vector<std::string> overrides;
  for (const fuzz::Step& step : fuzz::steps_of({reinterpret_cast<const char*>(data), size})) {
    if (step.kind == 'o') {
      overrides.emplace_back(step.payload);
    } else {
      text += step.kind;
      text += step.payload;
    }
  }
  base::Diagnostics findings;
  const auto config = settings::read_text(text, "f", overrides, findings);
  fuzz::must(config.has_value() != findings.has_errors(), "a configuration or an error");
  if (config) fuzz::check(*config);
  for (const base::Diagnostic& finding : findings.all())
    for (const char c : finding.message)
      fuzz::must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a finding is one line of text");
  return 0;
}
