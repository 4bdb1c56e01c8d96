package soak

// kinds are all kinds of steps. A new kind is a file of its own and a line here.
var kinds = []kind{
	{"编辑 edit", 40, stepEdit},
	{"成组编辑 group", 6, stepGroup},
	{"移交 transfer", 4, stepTransfer},
	{"联合 share", 4, stepShare},
	{"文书 paper", 3, stepPaper},
	{"处理冲突 resolve", 6, stepResolve},
	{"处理退件 letter", 5, stepLetter},
	{"说明问题 explain", 2, stepFinding},
	{"在线编辑 online", 6, stepOnline},
	{"在线处理 desk", 5, stepDesk},
	{"同步 sync", 36, stepSync},
	{"迟到 deliver", 6, stepDeliver},
	{"在线查看 read", 4, stepRead},
	{"旁观 watch", 4, stepWatch},
	{"断电 battery", 3, stepBattery},
	{"服务器被杀 kill", 2, stepKill},
	{"后台任务 jobs", 3, stepJobs},
	{"时钟跳变 clock", 4, stepClock},
	{"休息 rest", 3, stepRest},
	{"授权 grant", 4, stepGrant},
	{"克隆 clone", 1, stepClone},
	{"放行 release", 2, stepRelease},
	{"停用设备 revoke", 1, stepRevoke},
	{"登录 sign in", 2, stepSignIn},
}
