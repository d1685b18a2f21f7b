#include "sendmail/plan/listeners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::sendmail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Delivery kUsual{"birl", "127.0.0.1", 25};

TEST(Listeners, WithoutOptionsItListensEverywhere) {
  EXPECT_THAT(unheard("O Timeout.connect=1m\n", {kUsual}), IsEmpty());
}

TEST(Listeners, TheStockOptionsAreHeard) {
  EXPECT_THAT(unheard("O DaemonPortOptions=Family=inet,  Name=MTA-v4, Port=smtp, Addr=127.0.0.1\n", {kUsual}),
              IsEmpty());
  EXPECT_THAT(unheard("O DaemonPortOptions=Name=MTA\n", {kUsual}), IsEmpty());
  EXPECT_THAT(unheard("O DaemonPortOptions=P=25,A=mail.tokyo.example\n", {kUsual}), IsEmpty());
}

TEST(Listeners, AnotherAddressPortOrFamilyIsSaid) {
  for (const char* options :
       {"Port=smtp, Addr=192.0.2.1", "Port=2525", "Family=inet6, Addr=::1", "Family=inet6"})
    EXPECT_THAT(unheard(std::string("O DaemonPortOptions=") + options + '\n', {kUsual, kUsual}),
                ElementsAre(HasSubstr("127.0.0.1:25, where sendmail does not listen")))
        << options;
}

TEST(Listeners, WhereClientsHaveToLogInIsSaid) {
  EXPECT_THAT(unheard("O DaemonPortOptions=Port=587, M=Ea\n", {{"birl", "127.0.0.1", 587}}),
              ElementsAre(HasSubstr("log in")));
}

}  // namespace
}  // namespace tsmtp::sendmail
