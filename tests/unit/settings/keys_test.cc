// The rows of the table of keys agree with themselves.
#include "relayd/settings/keys.h"

#include <gtest/gtest.h>

#include "tests/unit/settings/sample.h"

namespace tsmtp::settings {
namespace {

// As the reader wants it: what is no number, truth or list stands in quotes.
std::string in_toml(const std::string& shown) {
  const bool is_bare = shown == "true" || shown == "false" || shown.starts_with('[') ||
                       (shown.find_first_not_of("0123456789") == std::string::npos && shown[0] != '0') ||
                       shown == "0";
  return is_bare ? shown : '"' + shown + '"';
}

// So a default keeps its own bounds, and the manual shows it as one would write it.
TEST(Keys, ADefaultIsReadAsItIsShown) {
  for (const Key<Hub>& key : hub_keys()) {
    const std::string shown = key.form.show(Hub{});
    if (shown.empty() || key.need == Need::kRequired) continue;
    const std::string line = std::string(key.name) + " = " + in_toml(shown) + '\n';
    const auto [config, findings] = read_it("[hub]\nname = \"tokyo\"\n" + line);
    ASSERT_TRUE(config) << line << findings;
    EXPECT_TRUE(key.form.same(config->hub, Hub{})) << line;
  }
  for (const Key<Site>& key : site_keys()) {
    const std::string shown = key.form.show(Site{});
    if (shown.empty() || shown == "[]" || key.need == Need::kRequired) continue;
    const std::string line = std::string(key.name) + " = " + in_toml(shown);
    const auto [config, findings] =
        read_it(kHub + site("birl", kPinA, with_address("127.0.5.2") + '\n' + line));
    ASSERT_TRUE(config) << line << findings;
    EXPECT_TRUE(key.form.same(config->sites[0], Site{})) << line;
  }
}

template <typename Section>
void expect_told(const Key<Section>& key) {
  const std::string shown = key.form.show(Section{});
  const bool has_no_value = shown.empty() || shown == "[]";
  EXPECT_EQ(!key.unset.empty(), has_no_value && key.need == Need::kOptional)
      << key.name << ": words for a default are for a key that has none, and such a key needs them";
  EXPECT_TRUE(key.sentence.ends_with('.')) << key.name;
  EXPECT_TRUE(key.need == Need::kOptional || key.sentence.find("\n.") == key.sentence.npos)
      << key.name << ": the sentence of a required key is for complaints too, without macros";
}

TEST(Keys, TheManualCanTellTheDefault) {
  for (const Key<Hub>& key : hub_keys())
    expect_told(key);
  for (const Key<Ledger>& key : ledger_keys())
    expect_told(key);
  for (const Key<Site>& key : site_keys())
    expect_told(key);
}

TEST(Keys, ARestartIsNeededForWhatTheTableSays) {
  Config running;
  Config wanted;
  wanted.hub.drain_timeout += std::chrono::seconds(1);
  wanted.hub.listen = {{.host = "::", .port = 5443, .unix_path = {}}};
  wanted.hub.audit = "journald";
  wanted.hub.admission.total = 1;
  wanted.hub.mta_connections = 1;
  EXPECT_EQ(restart_needed(running, wanted), "");
  wanted.ledger.prefix = "/elsewhere";
  EXPECT_EQ(restart_needed(running, wanted), "ledger.prefix");
  wanted.hub.endpoint_holder = "/elsewhere";
  EXPECT_EQ(restart_needed(running, wanted), "hub.endpoint_holder");
  wanted.hub.name = "osaka";
  EXPECT_EQ(restart_needed(running, wanted), "hub.name");
}

}  // namespace
}  // namespace tsmtp::settings
