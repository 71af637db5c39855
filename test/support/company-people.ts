// Data: the people and groups of the invented company Heron Robotics, which the sandbox's tenant shows.

export const domain = 'heron-robotics.example';
export const initialDomain = 'heronrobotics.onmicrosoft.com';

export const offices = {
  GOT: {
    officeLocation: 'Göteborg HQ',
    city: 'Göteborg',
    country: 'Sweden',
    usageLocation: 'SE',
    phone: '+46 31 700 10',
  },
  KRK: {
    officeLocation: 'Kraków plant',
    city: 'Kraków',
    country: 'Poland',
    usageLocation: 'PL',
    phone: '+48 12 400 20',
  },
  NGO: {
    officeLocation: 'Nagoya lab',
    city: '名古屋市',
    country: 'Japan',
    usageLocation: 'JP',
    phone: '+81 52 555 30',
  },
  AUS: {
    officeLocation: 'Austin service hub',
    city: 'Austin',
    country: 'United States',
    usageLocation: 'US',
    phone: '+1 512 555 40',
  },
} as const;

/** The properties of a user that follow from the office. */
export function placeOf(office: keyof typeof offices): Record<string, string> {
  const { officeLocation, city, country, usageLocation } = offices[office];
  return { officeLocation, city, country, usageLocation };
}

export interface Person {
  /** Mail nickname, and the part of the user principal name before the at sign. */
  readonly nick: string;
  readonly given: string;
  readonly surname: string;
  readonly title: string;
  readonly department: string;
  readonly office: keyof typeof offices;
  readonly manager?: string;
  /** A leaver: the account is kept, disabled. */
  readonly left?: true;
}

/** One line a person: nick, given name, surname, title, department, office, manager; a `-` before the nick marks a leaver. */
const lines = `
astrid.holm|Astrid|Holm|Chief Executive Officer|Executive|GOT|
johan.brannstrom|Johan|Brännström|Chief Technology Officer|Engineering|GOT|astrid.holm
ines.carvalho|Inês|Carvalho|Chief Financial Officer|Finance|GOT|astrid.holm
piotr.wisniewski|Piotr|Wiśniewski|VP Manufacturing|Manufacturing|KRK|astrid.holm
kenji.watanabe|健司|渡辺|Research Director|Engineering|NGO|johan.brannstrom
dana.whitfield|Dana|Whitfield|VP Field Service|Field Service|AUS|astrid.holm
maja.lindqvist|Maja|Lindqvist|Head of People|People|GOT|astrid.holm
tomas.eriksson|Tomas|Eriksson|Head of IT|IT|GOT|ines.carvalho
sofia.papadaki|Σοφία|Παπαδάκη|Security Engineer|IT|GOT|tomas.eriksson
ravi.menon|Ravi|Menon|Identity Engineer|IT|GOT|tomas.eriksson
lukasz.zielinski|Łukasz|Zieliński|Systems Administrator|IT|KRK|tomas.eriksson
chloe.nguyen|Chloé|Nguyễn|Service Desk Lead|IT|AUS|tomas.eriksson
omar.haddad|عمر|حداد|Service Desk Analyst|IT|GOT|chloe.nguyen
emil.nordin|Emil|Nordin|Engineering Manager, Controls|Engineering|GOT|johan.brannstrom
freya.bjork|Freya|Björk|Controls Engineer|Engineering|GOT|emil.nordin
anders.oberg|Anders|Öberg|Controls Engineer|Engineering|GOT|emil.nordin
helena.kovac|Helena|Kovač|Firmware Engineer|Engineering|GOT|emil.nordin
matteo.rinaldi|Matteo|Rinaldi|Firmware Engineer|Engineering|GOT|emil.nordin
aoi.suzuki|葵|鈴木|Perception Engineer|Engineering|NGO|kenji.watanabe
haruto.ito|陽翔|伊藤|Perception Engineer|Engineering|NGO|kenji.watanabe
mei.takahashi|芽衣|高橋|Robotics Researcher|Engineering|NGO|kenji.watanabe
jisoo.kim|지수|김|Robotics Researcher|Engineering|NGO|kenji.watanabe
li.na|娜|李|Data Engineer|Engineering|NGO|kenji.watanabe
viktor.sandberg|Viktor|Sandberg|Site Reliability Engineer|Engineering|GOT|emil.nordin
nadia.benali|Nadia|Benali|Cloud Engineer|Engineering|GOT|emil.nordin
jakub.wojcik|Jakub|Wójcik|Production Manager|Manufacturing|KRK|piotr.wisniewski
agnieszka.kaminska|Agnieszka|Kamińska|Quality Lead|Manufacturing|KRK|jakub.wojcik
oksana.shevchenko|Оксана|Шевченко|Process Engineer|Manufacturing|KRK|jakub.wojcik
marek.dvorak|Marek|Dvořák|Maintenance Engineer|Manufacturing|KRK|jakub.wojcik
zofia.nowak|Zofia|Nowak|Supply Planner|Manufacturing|KRK|piotr.wisniewski
gustavo.pena|Gustavo|Peña|Field Service Manager|Field Service|AUS|dana.whitfield
marcus.odonnell|Marcus|O'Donnell|Field Technician|Field Service|AUS|gustavo.pena
tasha.greene|Tasha|Greene|Field Technician|Field Service|AUS|gustavo.pena
bao.tran|Bảo|Trần|Field Technician|Field Service|AUS|gustavo.pena
elin.aslund|Elin|Åslund|Field Technician|Field Service|GOT|gustavo.pena
hugo.bernard|Hugo|Bernard|Sales Director|Sales|GOT|astrid.holm
amelie.dubois|Amélie|Dubois|Account Executive|Sales|GOT|hugo.bernard
noah.mueller|Noah|Müller|Account Executive|Sales|GOT|hugo.bernard
priya.raman|பிரியா|ராமன்|Sales Engineer|Sales|AUS|hugo.bernard
isak.dahl|Isak|Dahl|Controller|Finance|GOT|ines.carvalho
wiktoria.lis|Wiktoria|Lis|Payroll Specialist|Finance|KRK|ines.carvalho
saga.ekdahl|Saga|Ekdahl|General Counsel|Legal|GOT|astrid.holm
leila.rahimi|Leila|Rahimi|Talent Partner|People|GOT|maja.lindqvist
-oskar.fahlen|Oskar|Fahlén|Firmware Engineer|Engineering|GOT|
-brenda.kowalski|Brenda|Kowalski|Account Executive|Sales|AUS|
-yuto.mori|優斗|森|Robotics Intern|Engineering|NGO|
`;

export const people: readonly Person[] = lines
  .trim()
  .split('\n')
  .map((line) => {
    const [mark = '', given = '', surname = '', title = '', department = '', office = '', manager = ''] =
      line.split('|');
    return {
      nick: mark.replace(/^-/, ''),
      given,
      surname,
      title,
      department,
      office: office as keyof typeof offices,
      ...(manager ? { manager } : {}),
      ...(mark.startsWith('-') ? { left: true as const } : {}),
    };
  });

/** Microsoft 365 E5 and E3, and the plan of Teams in them (product names and service plan identifiers for licensing, Microsoft Entra docs). */
const e5 = '06ebc4ee-1bb5-47dd-8120-11324bc54e06';
const e3 = '05e9a617-0261-4cee-bb44-138d3ef5d965';
const teamsPlan = '57ff2da0-773e-42df-b2af-ffb7a2317929';

/** Who has which licence: the two at the top E5, eight more E3, two of them without Teams. */
export const licences = people
  .filter(({ left }) => !left)
  .slice(0, 10)
  .map(
    ({ nick }, at) =>
      [nick, { skuId: at < 2 ? e5 : e3, disabledPlans: at === 5 || at === 7 ? [teamsPlan] : [] }] as const,
  );

/** Accounts of nobody, kept out of every policy, so that a wrong policy locks nobody out for good. */
export const emergencyAccounts = [
  { nick: 'emergency-1', displayName: 'Emergency access 1 (safe, Göteborg)' },
  { nick: 'emergency-2', displayName: 'Emergency access 2 (safe, Austin)' },
] as const;

/** Mastered in the on-premises directory of the Kraków plant: Graph shows them and cannot write them (reference 1.13). */
export const syncedPeople = [
  ['1f6f0c8a-6f0e-4d53-9a4b-0b8d4f6a1c01', 'stanislaw.wrona', 'Stanisław', 'Wrona', 'Shift Supervisor'],
  ['1f6f0c8a-6f0e-4d53-9a4b-0b8d4f6a1c02', 'ewa.maj', 'Ewa', 'Maj', 'Assembly Technician'],
  ['1f6f0c8a-6f0e-4d53-9a4b-0b8d4f6a1c03', 'pawel.gorski', 'Paweł', 'Górski', 'Assembly Technician'],
  ['1f6f0c8a-6f0e-4d53-9a4b-0b8d4f6a1c04', 'danuta.kruk', 'Danuta', 'Kruk', 'Warehouse Lead'],
  ['1f6f0c8a-6f0e-4d53-9a4b-0b8d4f6a1c05', 'igor.sowa', 'Igor', 'Sowa', 'Calibration Technician'],
  ['1f6f0c8a-6f0e-4d53-9a4b-0b8d4f6a1c06', 'celina.baran', 'Celina', 'Baran', 'Quality Inspector'],
] as const;

/** Invited guests: id, mail, name, company, state, and the nick of the member who sponsors them. */
export const guests = [
  [
    '5d0f9c7e-2b1a-4c3d-8e5f-7a6b5c4d3e01',
    'lena.vogt@halvorsen-audit.example',
    'Lena Vogt',
    'Halvorsen Audit',
    'Accepted',
    'ines.carvalho',
  ],
  [
    '5d0f9c7e-2b1a-4c3d-8e5f-7a6b5c4d3e02',
    'tariq.aziz@gripline.example',
    'طارق عزيز',
    'Gripline Tooling',
    'Accepted',
    'piotr.wisniewski',
  ],
  [
    '5d0f9c7e-2b1a-4c3d-8e5f-7a6b5c4d3e03',
    'sam.okafor@gripline.example',
    'Sam Okafor',
    'Gripline Tooling',
    'PendingAcceptance',
    'piotr.wisniewski',
  ],
  [
    '5d0f9c7e-2b1a-4c3d-8e5f-7a6b5c4d3e04',
    'yuki.tanabe@meijo-labs.example',
    '田辺 由紀',
    'Meijo Labs',
    'Accepted',
    'kenji.watanabe',
  ],
  [
    '5d0f9c7e-2b1a-4c3d-8e5f-7a6b5c4d3e05',
    'paul.renner@brightwater-legal.example',
    'Paul Renner',
    'Brightwater Legal',
    'Accepted',
    'saga.ekdahl',
  ],
] as const;

export interface Team {
  readonly nick: string;
  readonly displayName: string;
  readonly description: string;
  /** Assigned security group unless said otherwise. */
  readonly sort?: 'microsoft365' | 'role' | 'dynamic';
  readonly rule?: string;
  readonly owners?: readonly string[];
  /** Nicks of people, of emergency accounts, or `#nick` of another group. */
  readonly members?: readonly string[];
}

export const teams: readonly Team[] = [
  {
    nick: 'ca-emergency-access',
    displayName: 'CA exclusion: emergency access',
    description: 'Accounts that no Conditional Access policy may stop. Two, in two safes.',
    sort: 'role',
    owners: ['tomas.eriksson'],
    members: ['emergency-1', 'emergency-2'],
  },
  {
    nick: 'ca-exclusion-temporary',
    displayName: 'CA exclusion: temporary',
    description: 'Out of policy for a day at most, with a ticket. Emptied every night.',
    owners: ['sofia.papadaki', 'ravi.menon'],
    members: ['bao.tran'],
  },
  {
    nick: 'role-identity-administrators',
    displayName: 'Role: identity administrators',
    description: 'Holds Conditional Access Administrator and User Administrator.',
    sort: 'role',
    owners: ['tomas.eriksson'],
    members: ['ravi.menon', 'sofia.papadaki'],
  },
  {
    nick: 'role-service-desk',
    displayName: 'Role: service desk',
    description: 'Holds Helpdesk Administrator.',
    sort: 'role',
    owners: ['tomas.eriksson'],
    members: ['chloe.nguyen', 'omar.haddad'],
  },
  {
    nick: 'all-employees',
    displayName: 'All employees',
    description: 'Every enabled member account.',
    sort: 'dynamic',
    rule: '(user.userType -eq "Member") and (user.accountEnabled -eq true) and (user.department -ne null)',
  },
  {
    nick: 'dept-engineering',
    displayName: 'Department: Engineering',
    description: 'By the department attribute.',
    sort: 'dynamic',
    rule: '(user.department -eq "Engineering") and (user.accountEnabled -eq true)',
  },
  {
    nick: 'dept-field-service',
    displayName: 'Department: Field Service',
    description: 'By the department attribute.',
    sort: 'dynamic',
    rule: '(user.department -eq "Field Service") and (user.accountEnabled -eq true)',
  },
  {
    nick: 'all-guests',
    displayName: 'All guests',
    description: 'Every guest account.',
    sort: 'dynamic',
    rule: '(user.userType -eq "Guest")',
  },
  {
    nick: 'engineering-hub',
    displayName: 'Engineering hub',
    description: 'Planning, design reviews and the demo calendar.',
    sort: 'microsoft365',
    owners: ['johan.brannstrom', 'emil.nordin'],
    members: ['freya.bjork', 'anders.oberg', 'kenji.watanabe', 'aoi.suzuki', 'haruto.ito', 'viktor.sandberg'],
  },
  {
    nick: 'sales-nordics',
    displayName: 'Sales Nordics',
    description: 'Opportunities and visits in the Nordics.',
    sort: 'microsoft365',
    owners: ['hugo.bernard'],
    members: ['amelie.dubois', 'noah.mueller'],
  },
  {
    nick: 'kaizen-krakow',
    displayName: 'Kaizen Kraków 改善',
    description: 'Improvement board of the plant.',
    sort: 'microsoft365',
    owners: ['jakub.wojcik'],
    members: ['agnieszka.kaminska', 'oksana.shevchenko', 'marek.dvorak'],
  },
  {
    nick: 'vpn-engineering',
    displayName: 'VPN: engineering',
    description: 'Lab networks in Göteborg and Nagoya.',
    owners: ['viktor.sandberg'],
    members: ['freya.bjork', 'helena.kovac', 'matteo.rinaldi', 'nadia.benali', 'mei.takahashi', 'jisoo.kim'],
  },
  {
    nick: 'vpn-field',
    displayName: 'VPN: field service',
    description: 'Customer sites, through the jump host only.',
    owners: ['gustavo.pena'],
    members: ['marcus.odonnell', 'tasha.greene', 'bao.tran', 'elin.aslund'],
  },
  {
    nick: 'vpn-all',
    displayName: 'VPN: all',
    description: 'Who may connect at all: the two groups nested here, and IT.',
    owners: ['tomas.eriksson'],
    members: ['#vpn-engineering', '#vpn-field', 'lukasz.zielinski'],
  },
  {
    nick: 'app-fleetboard-operators',
    displayName: 'App: Fleetboard operators',
    description: 'May move robots.',
    owners: ['dana.whitfield'],
    members: ['#vpn-field', 'gustavo.pena', 'jakub.wojcik'],
  },
  {
    nick: 'app-fleetboard-viewers',
    displayName: 'App: Fleetboard viewers',
    description: 'May look.',
    owners: ['dana.whitfield'],
    members: ['hugo.bernard', 'priya.raman', 'amelie.dubois'],
  },
  {
    nick: 'app-payroll',
    displayName: 'App: Payroll',
    description: 'Finance and People.',
    owners: ['ines.carvalho', 'maja.lindqvist'],
    members: ['wiktoria.lis', 'isak.dahl', 'leila.rahimi'],
  },
  {
    nick: 'passkey-pilot',
    displayName: 'Passkey pilot',
    description: 'First wave with synced passkeys.',
    owners: ['sofia.papadaki'],
    members: ['sofia.papadaki', 'ravi.menon', 'viktor.sandberg', 'nadia.benali', 'emil.nordin'],
  },
];

/** Groups of the Kraków plant's own directory, with their synced members. */
export const syncedTeams = [
  [
    '1f6f0c8a-6f0e-4d53-9a4b-0b8d4f6a1d01',
    'KRK-Shopfloor',
    'Shop floor terminals of the Kraków plant',
    [0, 1, 2, 4, 5],
  ],
  ['1f6f0c8a-6f0e-4d53-9a4b-0b8d4f6a1d02', 'KRK-Warehouse', 'Handhelds in the warehouse', [0, 3]],
] as const;
