// The relayds at both ends of a link: whether one of them does not know what the other could do with it.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "relayd/diagnosis/hub/checks.h"
#include "relayd/diagnosis/hub/places.h"

namespace tsmtp::diagnosis {
namespace {

using control::Json;

/// Its first two numbers; the third is for repairs, which no other hub needs to have.
using Release = std::array<int, 2>;

std::optional<Release> release_of(std::string_view version) {
  Release out{};
  for (int& number : out) {
    const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
    if (error != std::errc{} || number < 0) return std::nullopt;
    version.remove_prefix(static_cast<std::size_t>(end - version.data()));
    if (&number == &out.back()) break;
    if (!version.starts_with('.')) return std::nullopt;
    version.remove_prefix(1);
  }
  return out;
}

std::vector<std::string> texts_in(const Json& object, const char* name) {
  std::vector<std::string> out;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array()) return out;
  for (const Json& one : *found)
    if (one.is_string()) out.push_back(one.get<std::string>());
  return out;
}

/// Of what relayd calls by these words, what this hub is configured to use.
bool is_used(const std::string& what, const HubFacts& facts, const Json& site) {
  const auto has_any = [&](const char* list) { return site.contains(list) && !site[list].empty(); };
  if (what == "forwards" || what == "notices of services") return has_any("forwards") || has_any("services");
  if (what == "rotation of keys")
    return facts.hub.rotate_every.count() > 0 || !text_in(site, "own_key").empty();
  return what == "questions about mails in doubt";  // every mail may come to need it
}

std::string told_version(const std::string& version) {
  return version.empty() ? std::string() : " (" + version + ")";
}

void check_hub(const HubFacts& facts, const Json& site, const Json& hub, const std::string& ours,
               Report& report) {
  const std::string theirs = text_in(hub, "peer_version");
  const std::vector<std::string> lacking = texts_in(hub, "lacks");
  const bool is_only = !site.contains("hubs") || site["hubs"].size() < 2;
  const std::string place =
      "site " + text_in(site, "name") + (is_only ? "" : ", hub " + text_in(hub, "name"));
  const std::string both = "its relayd" + told_version(theirs) + " is older than ours" + told_version(ours);
  std::vector<std::string> used;
  std::copy_if(lacking.begin(), lacking.end(), std::back_inserter(used),
               [&](const std::string& what) { return is_used(what, facts, site); });
  const std::string remedy = "upgrade tsmtp on that hub; mail goes on until then";
  const auto our_release = release_of(ours);
  const auto their_release = release_of(theirs);
  if (!used.empty())
    report.warning(place, both + ", and does not know what this hub uses: " + joined(used), remedy);
  else if (!lacking.empty())
    report.warning(place, both + ", and does not know: " + joined(lacking), remedy);
  else if (our_release && their_release && *their_release < *our_release)
    report.warning(place, both, remedy);
  else if (our_release && their_release && *our_release < *their_release)
    report.warning(place,
                   "our relayd" + told_version(ours) + " is older than that there" + told_version(theirs),
                   "upgrade tsmtp here; mail goes on until then");
}

}  // namespace

void check_versions(const HubFacts& facts, Report& report) {
  const Json* const status = status_of(facts);
  if (status == nullptr) return;
  const std::string version = text_in(*status, "version");
  const std::string ours = version.substr(0, version.find(' '));
  for (const Json& site : sites_in(facts)) {
    if (!site.contains("hubs") || !site["hubs"].is_array()) continue;
    for (const Json& hub : site["hubs"])
      if (text_in(hub, "state") == "up") check_hub(facts, site, hub, ours, report);
  }
}

}  // namespace tsmtp::diagnosis
