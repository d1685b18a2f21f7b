// What the init system is asked for: to watch relayd.toml and sites.d, and to start sendmail.
#pragma once

namespace tsmtp::sendmail {

/// Enables and starts it, or the contrary, where systemd runs and the unit is installed. Says what it does.
void watch_sites(bool on);

/// Sees to it that sendmail runs, now and after each boot: Debian 13 starts it when it is installed, but
/// leaves it disabled. Says what it does.
void start_sendmail(bool is_running);

}  // namespace tsmtp::sendmail
