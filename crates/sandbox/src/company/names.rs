//! Words that people and groups are named with.

pub(super) const FIRST: [&str; 64] = [
    "Aisha", "Alan", "Amara", "Ana", "Andrew", "Anna", "Arjun", "Barbara", "Ben", "Bianca", "Carlos", "Carol", "Chen",
    "Chloe", "Daniel", "Diego", "Dmitri", "Donna", "Elena", "Emeka", "Emma", "Erik", "Fatima", "Felix", "Fiona",
    "Gabriel", "Grace", "Hana", "Hugo", "Ibrahim", "Ines", "Ivan", "James", "Jana", "Jin", "Jonas", "Julia", "Kaito",
    "Karen", "Kofi", "Lars", "Laura", "Leila", "Liam", "Lucia", "Maria", "Marta", "Mateo", "Mei", "Mohammed", "Nadia",
    "Nina", "Noah", "Olga", "Omar", "Paula", "Pedro", "Priya", "Rosa", "Samuel", "Sofia", "Tomas", "Yara", "Zoe",
];

pub(super) const LAST: [&str; 80] = [
    "Abbott", "Adeyemi", "Ahmed", "Almeida", "Anders", "Baker", "Banerjee", "Barros", "Becker", "Bennett", "Blanco",
    "Bruno", "Campbell", "Castro", "Chang", "Clark", "Cohen", "Cruz", "Dahl", "Diaz", "Dubois", "Eriksen", "Evans",
    "Farouk", "Fischer", "Flores", "Foster", "Garcia", "Gomez", "Gray", "Gupta", "Hansen", "Haruna", "Hoffman", "Hughes",
    "Ivanov", "Jansen", "Johnson", "Kaplan", "Keller", "Khan", "Kim", "Kowalski", "Kumar", "Larsen", "Lee", "Lopez",
    "Mahmoud", "Martin", "Mbeki", "Meyer", "Moreau", "Mueller", "Nakamura", "Nguyen", "Novak", "Okafor", "Olsen", "Ortiz",
    "Park", "Patel", "Pereira", "Petrov", "Quinn", "Ramos", "Reyes", "Rossi", "Sato", "Schmidt", "Silva", "Singh",
    "Smith", "Tanaka", "Torres", "Vargas", "Wagner", "Walker", "Wang", "Weber", "Young",
];

pub(super) const DEPARTMENTS: [&str; 20] = [
    "Engineering", "Product", "Design", "Sales", "Marketing", "Finance", "Legal", "People", "Support", "Security",
    "Operations", "Research", "Procurement", "Facilities", "Data", "Quality", "Partners", "Communications", "Logistics",
    "Strategy",
];

pub(super) const PLACES: [&str; 25] = [
    "Amsterdam", "Berlin", "Bogota", "Boston", "Cairo", "Dublin", "Hanoi", "Jakarta", "Lagos", "Lima", "Lisbon", "London",
    "Madrid", "Milan", "Mumbai", "Nairobi", "Oslo", "Paris", "Prague", "Seoul", "Sydney", "Tokyo", "Toronto", "Vienna",
    "Zurich",
];

pub(super) const TITLES: [&str; 16] = [
    "Analyst", "Associate", "Consultant", "Coordinator", "Designer", "Director", "Engineer", "Lead", "Manager", "Partner",
    "Planner", "Researcher", "Senior Engineer", "Specialist", "Team Lead", "Writer",
];
