// relayctl doctor, asked about hubs that run. What it says of files is tested in tests/unit/diagnosis, of a
// real sendmail in tests/e2e.
#include <filesystem>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kConfig = 78;  // EX_CONFIG

class Doctor : public TwoHubs {
 protected:
  void SetUp() override {
    for (FakeMta* const mta : {&tokyo_mta, &birl_mta})
      mta->set_script([](const std::string& command) {
        return command.find(".invalid") != command.npos ? "550 5.7.1 Relaying denied\r\n" : std::string();
      });
    TwoHubs::SetUp();
  }

  [[nodiscard]] Finished examine() const {
    return tokyo.relayctl({"doctor", "--cf", "/nowhere/sendmail.cf"});
  }
};

TEST_F(Doctor, FindsNothingWrongWithAHealthyHub) {
  for (const Hub* const hub : {&tokyo, &birl}) {
    const Finished said = hub->relayctl({"doctor", "--cf", "/nowhere/sendmail.cf"});
    EXPECT_EQ(said.status, 0) << said.output;
    EXPECT_THAT(said.output, Not(HasSubstr("WRONG")));
    EXPECT_THAT(said.output, HasSubstr("0 wrong"));
  }
  EXPECT_EQ(birl_mta.count(), 0U) << "a question delivers nothing";
  EXPECT_EQ(tokyo_mta.count(), 0U);
}

TEST_F(Doctor, LinkThatIsDownIsFound) {
  birl.kill();
  ASSERT_TRUE(tokyo.wait_for_link_down("birl"));
  const Finished said = examine();
  EXPECT_EQ(said.status, kConfig);
  EXPECT_THAT(said.output, HasSubstr("WRONG    site birl: its link is "));
}

TEST_F(Doctor, RelaydThatDoesNotRunIsFoundOnce) {
  tokyo.kill();
  const Finished said = examine();
  EXPECT_EQ(said.status, kConfig);
  EXPECT_THAT(said.output, HasSubstr("control.sock: no relayd is running"));
  EXPECT_THAT(said.output, HasSubstr("\n1 wrong"));
}

TEST_F(Doctor, FileThatHasBecomeWrongIsFoundAndTheRestIsLookedAt) {
  write_file(tokyo.config(), read_file(tokyo.config()) + "colour = \"red\"\n");
  const Finished said = examine();
  EXPECT_EQ(said.status, kConfig);
  EXPECT_THAT(said.output, HasSubstr("relayd.toml:"));
  EXPECT_THAT(said.output, HasSubstr("colour"));
}

TEST_F(Doctor, MtaThatHasGoneIsFound) {
  tokyo_mta.set_greeting("421 4.3.2 too busy\r\n");
  EXPECT_THAT(examine().output, HasSubstr("our MTA turns us away: 421 4.3.2 too busy"));
}

TEST_F(Doctor, MtaThatRelaysForASiteIsFound) {
  tokyo_mta.set_script([](const std::string&) { return std::string(); });
  EXPECT_THAT(examine().output, HasSubstr("relays to anywhere what comes from " + endpoint_address()));
}

TEST_F(Doctor, MtaThatRefusesASitesSenderIsFound) {
  tokyo_mta.set_script([](const std::string& command) {
    return command.starts_with("MAIL") ? "553 5.1.8 Domain of sender address does not exist\r\n"
                                       : std::string();
  });
  EXPECT_THAT(examine().output, HasSubstr("is not taken from <postmaster@birl.example>: 553 5.1.8"));
}

TEST_F(Doctor, FilesOpenToOthersAreFound) {
  namespace fs = std::filesystem;
  fs::permissions(tokyo.file("state"), fs::perms::others_read, fs::perm_options::add);
  fs::permissions(tokyo.config(), fs::perms::others_write, fs::perm_options::add);
  const std::string said = examine().output;
  EXPECT_THAT(said, HasSubstr("others than relayd may look into its state"));
  EXPECT_THAT(said, HasSubstr("others than its owner may write it"));
}

TEST_F(Doctor, TellsProgramsTheSame) {
  const auto said = nlohmann::json::parse(tokyo.relayctl({"doctor", "--json", "--cf", "/nowhere"}).output);
  EXPECT_EQ(said["wrong"], 0) << said.dump(2);
  EXPECT_EQ(said["not_looked_at"].size(), 1u);
}

}  // namespace
}  // namespace tsmtp::support
