package consensus

import "flag"

var schedules = flag.Int("schedules", 200, "how many random schedules TestRandomSchedules tries")
